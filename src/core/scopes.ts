// Scopes, and which of them a role or a key holds.
import type { Role, RolePowers } from './role.ts'

/** Scopes for managing keys: only an owner grants them, and they are never inherited. */
export const reservedScopes = {
  'keys:manage': 'Create, change, rotate and revoke API keys of the account',
  'keys:verify': 'Verify API keys',
} as const

/** The part of the configuration that defines scopes and roles. */
export type Catalogue = { scopes: Record<string, string>; roles: Record<Role, RolePowers> }

/** `fullAccess` also allows paths that no route lists. */
export type Powers = { scopes: readonly string[]; fullAccess: boolean }

const none: Powers = { scopes: [], fullAccess: false }

export function isScopeName(text: string): boolean {
  return /^[a-z0-9]+([:._-][a-z0-9]+)*$/.test(text) && text.length <= 64
}

/** The powers of a role in the current configuration; none for a removed member (null). */
export function powersOfRole(role: Role | null, config: Catalogue): Powers {
  if (role === null) return none
  const granted = config.roles[role].scopes
  if (granted !== 'all') return { scopes: granted, fullAccess: false }
  const scopes = Object.keys(config.scopes).filter((scope) => !Object.hasOwn(reservedScopes, scope))
  return { scopes, fullAccess: true }
}

/**
 * The powers of a key: its own scopes, or its creator's current role when it has none. A scope that the
 * configuration no longer lists is not held.
 */
export function powersOfKey(
  key: { scopes: readonly string[] | null; role: Role | null },
  config: Catalogue,
): Powers {
  if (key.scopes === null) return powersOfRole(key.role, config)
  const scopes = key.scopes.filter((scope) => Object.hasOwn(config.scopes, scope))
  return { scopes, fullAccess: false }
}

/** The scopes of `needed` that are not in `held`, in the order of `needed`. */
export function missingScopes(needed: readonly string[], held: readonly string[]): string[] {
  return needed.filter((scope) => !held.includes(scope))
}

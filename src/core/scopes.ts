// Scopes: their names, and what a key or a person holds.
import type { Role, RolePowers } from './role.ts'

/** Power over keys themselves: granted by an owner by name, never inherited. */
export const reservedScopes = {
  'keys:manage': 'Create, change, rotate and revoke API keys of the account',
  'keys:verify': 'Ask whether an API key is valid',
} as const

/** The part of the configuration that says who holds what. */
export type Catalogue = { scopes: Record<string, string>; roles: Record<Role, RolePowers> }

/** What is held at the API: `fullAccess` also opens paths that no route names. */
export type Powers = { scopes: readonly string[]; fullAccess: boolean }

const none: Powers = { scopes: [], fullAccess: false }

export function isScopeName(text: string): boolean {
  return /^[a-z0-9]+([:._-][a-z0-9]+)*$/.test(text) && text.length <= 64
}

/** What a role may do by today's configuration; no role (a removed member), nothing. */
export function powersOfRole(role: Role | null, config: Catalogue): Powers {
  if (role === null) return none
  const granted = config.roles[role].scopes
  if (granted !== 'all') return { scopes: granted, fullAccess: false }
  const scopes = Object.keys(config.scopes).filter((scope) => !Object.hasOwn(reservedScopes, scope))
  return { scopes, fullAccess: true }
}

/**
 * What a key may do: its own scopes, or its creator's role as it is now when it has none of its own.
 * A scope that the configuration no longer lists is no longer held.
 */
export function powersOfKey(
  key: { scopes: readonly string[] | null; role: Role | null },
  config: Catalogue,
): Powers {
  if (key.scopes === null) return powersOfRole(key.role, config)
  const scopes = key.scopes.filter((scope) => Object.hasOwn(config.scopes, scope))
  return { scopes, fullAccess: false }
}

/** The scopes of `needed` that are not held, in their order. */
export function missingScopes(needed: readonly string[], held: readonly string[]): string[] {
  return needed.filter((scope) => !held.includes(scope))
}

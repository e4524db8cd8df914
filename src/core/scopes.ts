// Scopes, and which of them a role or a key holds.
import type { Role, RolePowers } from './role.ts'
import { type ListedScopes, listHeld, type ScopeCatalogue } from './scope-matcher.ts'

/** Scopes for managing keys: only an owner grants them, and they are never inherited. */
export const reservedScopes = {
  'keys:manage': 'Create, change, rotate and revoke API keys of the account',
  'keys:verify': 'Verify API keys',
  'keys:portal': 'Open the portal for customers',
  'platform:manage': 'Create accounts, and manage API keys of all',
  'platform:verify': 'Verify API keys of all accounts',
} as const

/** Whether only keys of the platform hold it. */
export function isOfPlatform(scope: string): boolean {
  return scope.startsWith('platform:')
}

/** The part of the configuration that defines scopes and roles. */
export type Catalogue = { scopes: ScopeCatalogue; roles: Record<Role, RolePowers> }

/** `fullAccess` also allows paths that no route lists. */
export type Powers = ListedScopes & { fullAccess: boolean }

const none: Powers = { scopes: [], resources: [], fullAccess: false }

/** The powers of a role in the current configuration; none for a removed member (null). */
export function powersOfRole(role: Role | null, config: Catalogue): Powers {
  if (role === null) return none
  const granted = config.roles[role].scopes
  if (granted !== 'all') return { ...listHeld(granted, config.scopes), fullAccess: false }
  const scopes = Object.keys(config.scopes).filter((scope) => !Object.hasOwn(reservedScopes, scope))
  return { scopes, resources: [], fullAccess: true }
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
  const { scopes, resources } = listHeld(key.scopes, config.scopes)
  return { scopes, resources, fullAccess: false }
}

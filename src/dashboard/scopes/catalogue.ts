// The scope catalogue, grouped by resource: the part of a scope before the colon.
import type { Role } from '../session/roles.ts'
import type { Scope } from './api.ts'
import { coveredBy, wildcardsOf } from './held-scopes.ts'

/** `wildcards`: those that cover scopes of the group. */
export type ScopeGroup = {
  resource: string
  scopes: Scope[]
  wildcards: string[]
  isReserved: boolean
}

/** In the order of the catalogue, with reserved groups last. */
export function groupScopes(scopes: readonly Scope[]): ScopeGroup[] {
  const groups = new Map<string, Omit<ScopeGroup, 'wildcards'>>()
  for (const scope of scopes) {
    const [resource = scope.scope] = scope.scope.split(':')
    const group = groups.get(resource) ?? { resource, scopes: [], isReserved: scope.reserved }
    group.scopes.push(scope)
    groups.set(resource, group)
  }
  return [...groups.values()]
    .map((group) => ({ ...group, wildcards: wildcardsOf(group.scopes) }))
    .sort((a, b) => Number(a.isReserved) - Number(b.isReserved))
}

/** The wildcards that cover the scope. */
export function wildcardsOver(scope: Scope, { wildcards, scopes }: ScopeGroup): string[] {
  return wildcards.filter((wildcard) => coveredBy(wildcard, scopes).includes(scope))
}

export function resourceName(resource: string): string {
  return resource === 'keys' ? 'API keys' : resource[0]?.toUpperCase() + resource.slice(1)
}

/** Why a user with this role cannot grant the scope, or null when they can. */
export function grantRefusal(scope: Scope, role: Role): string | null {
  if (scope.reserved) return role === 'owner' ? null : 'Only owners can grant this scope.'
  return scope.roles.includes(role) ? null : 'Your role does not include this scope.'
}

/** As `grantRefusal`. Whether the role has the scopes to come as well, only the API knows. */
export function wildcardRefusal(
  wildcard: string,
  scopes: readonly Scope[],
  role: Role,
): string | null {
  const isGranted = coveredBy(wildcard, scopes).every((scope) => grantRefusal(scope, role) === null)
  return isGranted ? null : 'Your role does not include all of these scopes.'
}

export function scopesOfRole(scopes: readonly Scope[], role: Role): Scope[] {
  return scopes.filter((scope) => scope.roles.includes(role))
}

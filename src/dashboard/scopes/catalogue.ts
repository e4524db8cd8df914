// The scope catalogue, grouped by resource: the part of a scope before the colon.
import type { Role } from '../session/roles.ts'
import type { Scope } from './api.ts'

export type ScopeGroup = { resource: string; scopes: Scope[]; isReserved: boolean }

/** In the order of the catalogue, with reserved groups last. */
export function groupScopes(scopes: readonly Scope[]): ScopeGroup[] {
  const groups = new Map<string, ScopeGroup>()
  for (const scope of scopes) {
    const [resource = scope.scope] = scope.scope.split(':')
    const group = groups.get(resource) ?? { resource, scopes: [], isReserved: scope.reserved }
    group.scopes.push(scope)
    groups.set(resource, group)
  }
  return [...groups.values()].sort((a, b) => Number(a.isReserved) - Number(b.isReserved))
}

export function resourceName(resource: string): string {
  return resource === 'keys' ? 'API keys' : resource[0]?.toUpperCase() + resource.slice(1)
}

/** Why a user with this role cannot grant the scope, or null when they can. */
export function grantRefusal(scope: Scope, role: Role): string | null {
  if (scope.reserved) return role === 'owner' ? null : 'Only owners can grant this scope.'
  return scope.roles.includes(role) ? null : 'Your role does not include this scope.'
}

export function scopesOfRole(scopes: readonly Scope[], role: Role): Scope[] {
  return scopes.filter((scope) => scope.roles.includes(role))
}

// The scope catalogue by resource: what stands before the colon.
import type { Role } from '../api/people.ts'
import type { Scope } from '../api/queries.ts'

export type ScopeGroup = { resource: string; scopes: Scope[]; isReserved: boolean }

/** In the order of the catalogue; the reserved ones last. */
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
  return resource === 'keys'
    ? 'API keys themselves'
    : resource[0]?.toUpperCase() + resource.slice(1)
}

/** Why a person of a role cannot give this scope to a key, or null when they can. */
export function whyNotGrant(scope: Scope, role: Role): string | null {
  if (scope.reserved) return role === 'owner' ? null : 'Only an owner may grant this.'
  return scope.roles.includes(role) ? null : 'Your role does not hold this.'
}

export function scopesOfRole(scopes: readonly Scope[], role: Role): Scope[] {
  return scopes.filter((scope) => scope.roles.includes(role))
}

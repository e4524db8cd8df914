// Which scopes an actor may grant to a key.
import type { Actor } from './actor.ts'
import type { Role } from './role.ts'
import { type Catalogue, missingScopes, powersOfRole, reservedScopes } from './scopes.ts'

export type Grant = {
  /** null: the key inherits. */
  scopes: readonly string[] | null
  /** The role that a key without its own scopes inherits. */
  inheritsFrom: Role | null
  /** The scopes of a key that is being changed: keeping them is no grant. */
  currentScopes?: readonly string[] | null | undefined
}

/**
 * Why the actor may not grant these scopes, as a sentence; null when they may.
 * Only an owner grants reserved scopes; a key grants only scopes that it holds, never inheritance.
 */
export function grantRefusal(
  actor: Actor,
  { scopes, inheritsFrom, currentScopes }: Grant,
  config: Catalogue,
): string | null {
  if (scopes === null) {
    if (currentScopes === null) return null
    if (actor.kind === 'key') return 'A key cannot make a key that inherits: list its scopes.'
    const inherited = powersOfRole(inheritsFrom, config)
    if (inherited.fullAccess && !powersOfRole(actor.role, config).fullAccess) {
      return 'Your role does not have full access, and so cannot grant it.'
    }
    return refuseMissing(actor, inherited.scopes, config)
  }
  const granted = missingScopes(scopes, currentScopes ?? [])
  const reserved = granted.filter((scope) => Object.hasOwn(reservedScopes, scope))
  if (reserved.length > 0 && !(actor.kind === 'person' && actor.role === 'owner')) {
    return `Only an owner may grant ${reserved.join(' and ')}.`
  }
  return refuseMissing(actor, missingScopes(granted, reserved), config)
}

function refuseMissing(actor: Actor, scopes: readonly string[], config: Catalogue): string | null {
  const held = actor.kind === 'key' ? actor.scopes : powersOfRole(actor.role, config).scopes
  const missing = missingScopes(scopes, held)
  if (missing.length === 0) return null
  const subject = actor.kind === 'key' ? 'This key' : 'Your role'
  return `${subject} does not hold ${missing.join(', ')}, and so cannot grant it.`
}

// Who may give which scopes to a key.
import type { Actor } from './actor.ts'
import type { Role } from './role.ts'
import { type Catalogue, missingScopes, powersOfRole, reservedScopes } from './scopes.ts'

export type Grant = {
  /** null: inherits. */
  scopes: readonly string[] | null
  /** Whose role a key without scopes of its own takes on. */
  inheritsFrom: Role | null
  /** What a key has already when it is changed: keeping it is no grant. */
  present?: readonly string[] | null | undefined
}

/**
 * Why the actor may not give these scopes, in a sentence, or null when they may.
 * The reserved scopes are an owner's to give; a key gives only what it has, by name.
 */
export function grantRefusal(
  actor: Actor,
  { scopes, inheritsFrom, present }: Grant,
  config: Catalogue,
): string | null {
  if (scopes === null) {
    if (present === null) return null
    if (actor.kind === 'key') return 'A key cannot make a key that inherits: list its scopes.'
    const inherited = powersOfRole(inheritsFrom, config)
    if (inherited.fullAccess && !powersOfRole(actor.role, config).fullAccess) {
      return 'Your role does not have full access, and so cannot grant it.'
    }
    return lacks(actor, inherited.scopes, config)
  }
  const granted = missingScopes(scopes, present ?? [])
  const reserved = granted.filter((scope) => Object.hasOwn(reservedScopes, scope))
  if (reserved.length > 0 && !(actor.kind === 'person' && actor.role === 'owner')) {
    return `Only an owner may grant ${reserved.join(' and ')}.`
  }
  return lacks(actor, missingScopes(granted, reserved), config)
}

function lacks(actor: Actor, scopes: readonly string[], config: Catalogue): string | null {
  const held = actor.kind === 'key' ? actor.scopes : powersOfRole(actor.role, config).scopes
  const lacking = missingScopes(scopes, held)
  if (lacking.length === 0) return null
  const who = actor.kind === 'key' ? 'This key' : 'Your role'
  return `${who} does not hold ${lacking.join(', ')}, and so cannot grant it.`
}

// An entry of the audit trail, and the caller on whose behalf it is written.
import { type Actor, isForeign } from './actor.ts'

/** The principal that requests a change, and the request. */
export type Caller = { actor: Actor; requestId: string }

export type AuditEntry = {
  action: string
  /** `platform`: a person or a key of the platform in another account, whose trail does not name them. */
  actorKind: 'person' | 'key' | 'system' | 'platform'
  actorId: string | null
  requestId: string | null
  detail: Record<string, unknown> | null
}

export function auditEntry(
  { actor, requestId }: Caller,
  action: string,
  detail: Record<string, unknown>,
): AuditEntry {
  const actorKind = isForeign(actor) ? 'platform' : actor.kind
  const portal = actor.kind === 'key' && actor.portal
  const through = portal && { portal: { external_id: portal.externalId } }
  return { action, actorKind, actorId: actor.id, requestId, detail: { ...detail, ...through } }
}

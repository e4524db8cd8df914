// An entry of the audit trail, and the caller on whose behalf it is written.
import type { Actor } from './actor.ts'

/** The principal that requests a change, and the request. */
export type Caller = { actor: Actor; requestId: string }

export type AuditEntry = {
  action: string
  actorKind: 'person' | 'key' | 'system'
  actorId: string | null
  requestId: string | null
  detail: Record<string, unknown> | null
}

export function auditEntry(
  { actor, requestId }: Caller,
  action: string,
  detail: Record<string, unknown>,
): AuditEntry {
  return { action, actorKind: actor.kind, actorId: actor.id, requestId, detail }
}

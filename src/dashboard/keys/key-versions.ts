// What two people changed of one key at the same time, side by side. Pure: no React, no I/O.
import type { AuditEvent } from '../audit/api.ts'
import { keyFields } from '../ui/key-text.ts'
import type { Key, KeyChanges } from './api.ts'

/** `theirs`: another person changed it since; `mine`: as it would be; null: not changed here. */
export type VersionRow = {
  name: string
  field: string
  before: string
  theirs: string | null
  mine: string | null
}

/** Of what either changed since `before`. */
export function compareVersions(before: Key, now: Key, changes: KeyChanges): VersionRow[] {
  const edited = { ...now, ...changes } as Key
  return keyFields.flatMap(({ name, of, inEvents, text }) => {
    const [old, theirs] = [text(before), text(now)]
    const mine = of in changes ? text(edited) : null
    if (theirs === old && mine === null) return []
    return [{ name, field: inEvents, before: old, theirs: theirs === old ? null : theirs, mine }]
  })
}

/** The newest event that changed a field. @param events newest first */
export function changedBy(field: string, events: readonly AuditEvent[]): AuditEvent | undefined {
  return events.find(({ action, detail }) => {
    const { changed } = (detail ?? {}) as { changed?: unknown }
    if (action !== 'key.updated' || typeof changed !== 'object' || changed === null) return false
    return field in changed
  })
}

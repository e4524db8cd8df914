// The status of a key as the dashboard shows it. Pure: no React, no I/O.
import type { Standing } from '../session/api.ts'
import type { Key, KeyStatus } from './api.ts'

/** `suspended`, `stopped`: the key itself is active, and its account suspended or closing. */
export type ShownStatus = KeyStatus | 'suspended' | 'stopped'

/** What the key itself is comes first, as in a refusal. */
export function shownStatus(
  { status }: Pick<Key, 'status'>,
  { suspended_at, closes_at }: Pick<Standing, 'suspended_at' | 'closes_at'>,
): ShownStatus {
  if (status !== 'active') return status
  if (suspended_at !== null) return 'suspended'
  return closes_at === null ? status : 'stopped'
}

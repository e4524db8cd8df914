// The status of a key as the dashboard shows it. Pure: no React, no I/O.
import type { Standing } from '../session/api.ts'
import type { Key, KeyStatus } from './api.ts'

/**
 * `suspended`, `stopped`: the key itself is active, and its account suspended or closing. `rotated`: it works until its
 * overlap with its successor ends.
 */
export type ShownStatus = KeyStatus | 'suspended' | 'stopped' | 'rotated'

type Shown = Pick<Key, 'status' | 'expires_at' | 'replaced_by'>

/** As it is now: a list may have been read before the key expired. */
export function statusNow({ status, expires_at }: Shown, nowMs: number): KeyStatus {
  const isOver = status === 'active' && expires_at !== null && Date.parse(expires_at) <= nowMs
  return isOver ? 'expired' : status
}

/** What the key itself is comes first, as in a refusal. */
export function shownStatus(
  key: Shown,
  { suspended_at, closes_at }: Pick<Standing, 'suspended_at' | 'closes_at'>,
  nowMs: number,
): ShownStatus {
  const status = statusNow(key, nowMs)
  if (status !== 'active') return status
  if (suspended_at !== null) return 'suspended'
  if (closes_at !== null) return 'stopped'
  return key.replaced_by === null ? status : 'rotated'
}

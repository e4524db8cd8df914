// Changes of several keys at a time.
import { mergeProgress, type Progress } from '../api/progress.ts'
import { type Key, revokeKeys, updateKey } from './api.ts'
import { keyActions } from './key-actions.ts'

export type BulkAction = 'disable' | 'revoke'

/** Each is disabled by a request of its own. */
export const maxBulk = 100

/** The keys that the action changes. */
export function keysFor(action: BulkAction, keys: readonly Key[], nowMs: number): Key[] {
  return keys.filter((key) => keyActions(key, nowMs).includes(action))
}

export type BulkResult = Progress & { changed: number }

export async function revokeAll(keys: readonly Key[]): Promise<BulkResult> {
  const { revoked, progress } = await revokeKeys(keys.map(({ id }) => id))
  return { ...progress, changed: revoked }
}

/** @param onDone told each key that is disabled. @throws what the first of the others failed with, when all have ended */
export async function disableAll(
  keys: readonly Key[],
  onDone: (keys: Key[]) => void,
): Promise<BulkResult> {
  const results = await Promise.allSettled(
    keys.map(({ id }) => updateKey(id, { is_active: false })),
  )
  const done = keys.filter((_, at) => results[at]?.status === 'fulfilled')
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    onDone(done)
    throw failed.reason
  }
  const progress = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  return { ...mergeProgress(progress), changed: done.length }
}

// Work that may be sent again, through what passes: a lost connection, a store that is down, a quota that is used up.
import { setTimeout as wait } from 'node:timers/promises'
import { LatchkeyError } from '../error.ts'
import { isUnavailable, originOf } from './exit.ts'

const maxFailures = 6
const maxDelayMs = 30_000

/**
 * @param onWait is told why it waits, and how long.
 * @throws LatchkeyError for what waiting does not mend, or where the deployment stays unavailable for about a minute.
 */
export async function persistently<Result>(
  work: () => Promise<Result>,
  onWait: (error: LatchkeyError, seconds: number) => void,
  sleep: (ms: number) => Promise<unknown> = wait,
): Promise<Result> {
  for (let failures = 0; ; ) {
    try {
      return await work()
    } catch (thrown) {
      const error = originOf(thrown)
      if (!(error instanceof LatchkeyError)) throw error
      const delayMs = delayOf(error, failures)
      if (delayMs === null) throw error
      // A quota says itself when it has room again: that it has none is no failure.
      if (error.httpStatus !== 429) failures++
      onWait(error, Math.ceil(delayMs / 1_000))
      await sleep(delayMs)
    }
  }
}

function delayOf(error: LatchkeyError, failures: number): number | null {
  const { httpStatus, retryAfterSeconds } = error
  if (httpStatus === 429) return retryAfterSeconds === null ? null : retryAfterSeconds * 1_000 + 50
  if (!isUnavailable(error) || failures >= maxFailures) return null
  return Math.min(maxDelayMs, Math.max((retryAfterSeconds ?? 0) * 1_000, 500 * 2 ** failures))
}

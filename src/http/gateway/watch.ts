// Re-verifies the credential of an open connection until it is stopped or ends the connection.
import type { Standing } from '../auth/reauthenticate.ts'

export type WatchSettings = {
  check(): Promise<Standing>
  intervalMs: number
  /** The first verification is due at once. */
  isDue: boolean
  end(standing: 'refused' | 'unknown'): void
}

/** An answer that could not be obtained is requested again after this part of the interval. */
const retryFraction = 5

/**
 * Ends a connection whose credential is refused, or was not found good for two intervals, counted from the start of the
 * last verification that found it so.
 * @returns stops the watch; no timer is left.
 */
export function watch({ check, intervalMs, isDue, end }: WatchSettings): () => void {
  let isStopped = false
  const limit = 2 * intervalMs
  let deadline = setTimeout(finish, limit, 'unknown')
  let nextDeadline: typeof deadline | null = null
  let next = setTimeout(verify, isDue ? 0 : intervalMs)

  function stop(): void {
    isStopped = true
    clearTimeout(deadline)
    clearTimeout(next)
    if (nextDeadline !== null) clearTimeout(nextDeadline)
  }

  function finish(standing: 'refused' | 'unknown'): void {
    if (isStopped) return
    stop()
    end(standing)
  }

  async function verify(): Promise<void> {
    const ofThis = setTimeout(finish, limit, 'unknown')
    nextDeadline = ofThis
    const standing = await check()
    if (isStopped) return
    if (standing === 'refused') return finish(standing)
    const isGood = standing === 'good'
    clearTimeout(isGood ? deadline : ofThis)
    if (isGood) deadline = ofThis
    next = setTimeout(verify, isGood ? intervalMs : intervalMs / retryFraction)
  }

  return stop
}

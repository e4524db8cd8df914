// Waits until a change is in force everywhere: the fences concerned have acknowledged its raises, and
// every lease granted before has run out.

import type { KeyChanges } from '../storage/key-changes.ts'
import type { Concerned, PendingRaise } from '../storage/pending-raises.ts'
import type { AllFences } from './fences.ts'

export type SettleStores = {
  fences: AllFences
  changes: Pick<KeyChanges, 'pending' | 'settled'>
}

export type Clock = {
  now(): number
  sleep(ms: number): Promise<void>
}

export type SettleSettings = {
  leaseMs: number
  marginMs: number
  clock: Clock
  /** Work that the answer does not wait for (`ctx.waitUntil`). */
  waitUntil(work: Promise<unknown>): void
}

/**
 * The clock of a Worker stands still between I/O, so a reader's time may be behind by the CPU time it has
 * used, and so may this Worker's. The margin covers both.
 */
export const defaultMarginMs = 1_000

/**
 * Raises what is pending for these keys, and waits until leases have run out. Acknowledged rows are deleted behind the
 * answer; one that stays is raised once more by the reconciler.
 * @returns the regions that have not acknowledged, sorted; none when every change is in force everywhere.
 * @throws StoreUnavailable when D1 does not answer: it is then unknown whether the change is in force.
 */
export async function settle(
  stores: SettleStores,
  settings: SettleSettings,
  of: Concerned,
): Promise<string[]> {
  return settleRaises(stores, settings, await stores.changes.pending(of))
}

/** As `settle`, for what is pending by an answer of D1 that has just arrived. */
export async function settleRaises(
  { fences, changes }: SettleStores,
  { leaseMs, marginMs, clock, waitUntil }: SettleSettings,
  pending: readonly PendingRaise[],
): Promise<string[]> {
  // The wait is needed with nothing pending too: where no fence is registered, readers hold leases on
  // records read from D1, and the Worker that committed may have been stopped before it waited.
  let from = clock.now()
  const acknowledged: PendingRaise[] = []
  const raising = groupByFence(pending).map(async ([fence, raises]) => {
    const floors = raises.map(({ subject, seq }) => [subject, seq] as const)
    if (!(await fences.raise(fence, floors))) return
    from = Math.max(from, clock.now())
    acknowledged.push(...raises)
  })
  await Promise.all(raising)
  await sleepUntil(from + leaseMs + marginMs, clock)
  if (acknowledged.length > 0) waitUntil(changes.settled(acknowledged).catch(() => {}))
  const missing = pending.filter((raise) => !acknowledged.includes(raise))
  return [...new Set(missing.map(({ region }) => region))].sort()
}

function groupByFence(pending: readonly PendingRaise[]): [string, PendingRaise[]][] {
  return [...Map.groupBy(pending, ({ fence }) => fence)]
}

/** The timer may start from a clock that is behind: after each sleep the clock is read again. */
export async function sleepUntil(timeMs: number, clock: Clock): Promise<void> {
  for (let waitMs = timeMs - clock.now(); waitMs > 0; waitMs = timeMs - clock.now()) {
    await clock.sleep(waitMs)
  }
}

// Waiting until a change is in force everywhere: the fences that must hold it do, and every lease
// that was given before has run out.

import type { KeyChanges, PendingRaise } from '../storage/key-changes.ts'
import type { Raise } from './fence.ts'
import type { AllFences } from './fences.ts'

export type SettleStores = {
  fences: AllFences
  changes: Pick<KeyChanges, 'pending' | 'settled'>
}

export type Clock = {
  now(): number
  sleep(ms: number): Promise<void>
}

export type SettleSettings = { leaseMs: number; marginMs: number; clock: Clock }

/**
 * The clock stands still between I/O: a reader may see a time that is early by the CPU it has burnt,
 * and so may this Worker. The margin covers both.
 */
export const defaultMarginMs = 1_000

/**
 * Raises what is pending, waits the leases out and forgets what was acknowledged.
 * @returns the regions that have not acknowledged, none when the change is in force everywhere.
 * @throws StoreUnavailable when D1 does not answer: then nothing is known to be in force.
 */
export async function settle(
  { fences, changes }: SettleStores,
  { leaseMs, marginMs, clock }: SettleSettings,
  of: Parameters<KeyChanges['pending']>[0],
): Promise<string[]> {
  const pending = await changes.pending(of)
  // Also when nothing is pending: where no fence is open yet, readers hold leases on what D1 told
  // them, and the Worker that committed may have died before it waited.
  let from = clock.now()
  const acknowledged: PendingRaise[] = []
  const raising = groupByFence(pending).map(async ([fence, raises]) => {
    if (!(await fences.raise(fence, raises.map(raiseOf)))) return
    from = Math.max(from, clock.now())
    acknowledged.push(...raises)
  })
  await Promise.all(raising)
  await sleepUntil(from + leaseMs + marginMs, clock)
  await changes.settled(acknowledged)
  const missing = pending.filter((raise) => !acknowledged.includes(raise))
  return [...new Set(missing.map(({ region }) => region))].sort()
}

function raiseOf({ digest, seq }: PendingRaise): Raise {
  return { digest, seq }
}

function groupByFence(pending: readonly PendingRaise[]): [string, PendingRaise[]][] {
  return [...Map.groupBy(pending, ({ fence }) => fence)]
}

/** A timer counts from a clock that stood still: after waking, the clock has the last word. */
export async function sleepUntil(time: number, clock: Clock): Promise<void> {
  for (let left = time - clock.now(); left > 0; left = time - clock.now()) await clock.sleep(left)
}

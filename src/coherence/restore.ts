// After D1 was restored to an earlier time, fences and isolates hold sequences and records that the
// database no longer has. Every fence is reset, and every lease granted before runs out. Changes must
// stay stopped from before the restore until this has returned.
import type { AllFences } from './fences.ts'
import { type SettleSettings, sleepUntil } from './settle.ts'

/**
 * Resets the fences and waits for the leases to run out.
 * @param names every fence that may exist, those listed before the restore included: one that
 * registered after the restored time is missing from the restored list.
 * @returns the fences that did not acknowledge: repeat the call with them before changes resume.
 */
export async function resetFences(
  { fences }: { fences: Pick<AllFences, 'reset'> },
  { leaseMs, marginMs, clock }: Omit<SettleSettings, 'waitUntil'>,
  names: readonly string[],
): Promise<string[]> {
  const missing: string[] = []
  const reset = async (name: string) => {
    if (!(await fences.reset(name))) missing.push(name)
  }
  await Promise.all(names.map(reset))
  await sleepUntil(clock.now() + leaseMs + marginMs, clock)
  return missing.sort()
}

// After D1 was restored to an earlier time: fences and memories know a future that never was. Every
// fence forgets and registers anew, and every lease that was given before runs out. Changes must have
// been stopped before the restore, and stay so until this has answered.
import type { AllFences } from './fences.ts'
import { type SettleSettings, sleepUntil } from './settle.ts'

/**
 * Resets the fences and waits.
 * @param fences every fence that may exist: those listed before the restore too, since one that
 * opened later is missing from the restored list.
 * @returns the fences that did not acknowledge: call again with them, before changes resume.
 */
export async function resetFences(
  { fences }: { fences: Pick<AllFences, 'reset'> },
  { leaseMs, marginMs, clock }: SettleSettings,
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

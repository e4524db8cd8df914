// Counting how requests of known keys were answered: after the answer is known, without I/O on its way.
import type { KeyRecord } from '../core/record.ts'
import type { UsageCode } from '../metering/usage.ts'
import type { UsageBatch } from '../storage/usage-store.ts'
import type { Afterwards, Isolate } from './wiring.ts'

/** Counts a verdict about a key; one about a token of nobody is not counted. */
export function countUse(
  { usage }: Pick<Isolate, 'usage'>,
  env: Env,
  afterwards: Afterwards,
  verdict: { code: UsageCode; record: KeyRecord } | { code: string; record?: never },
): void {
  if (verdict.record === undefined) return
  const send = (batch: UsageBatch) => env.USAGE.send(batch)
  usage.count(verdict.record.id, verdict.code, { send, afterwards })
}

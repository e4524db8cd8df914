// Counting how requests of known keys were answered: after the answer is known, without I/O on its way.
import { nearestRegion } from '../../coherence/regions.ts'
import type { KeyRecord } from '../../core/record.ts'
import type { MeteredVerdict } from '../../core/verdict.ts'
import type { UsageBatch } from '../../storage/usage-store.ts'
import type { UsageCode } from '../../usage/counter.ts'
import type { Isolate, RequestLocation, WaitUntil } from '../../worker/context.ts'
import type { Report } from './report.ts'

/** Counts a verdict about a key; one about a token of nobody is not counted. */
export function countUse(
  { usage }: Pick<Isolate, 'usage'>,
  env: Env,
  waitUntil: WaitUntil,
  verdict: MeteredVerdict | { code: UsageCode; record: KeyRecord },
): void {
  if (!('record' in verdict)) return
  const send = (batch: UsageBatch) => env.USAGE.send(batch)
  const { code, record } = verdict
  const counted = code === 'meter_unavailable' ? 'authority_unavailable' : code
  usage.count(record.id, counted, { send, waitUntil })
}

/** Counts which tiers answered for a request: those of tokens that this deployment knows. */
export function countTiers(
  { usage }: Pick<Isolate, 'usage'>,
  { caller, asked }: Pick<Report, 'caller' | 'asked'>,
  request: RequestLocation,
): void {
  const all = caller === null ? asked : [caller, ...asked]
  const known = all.filter(({ keyId }) => keyId !== null)
  if (known.length === 0) return
  const region = nearestRegion(request.cf)
  for (const { tier } of known) usage.countTier(region, tier)
}

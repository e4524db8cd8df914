// Counts how requests of known keys were answered: in memory, once the outcome is known.
import { nearestRegion } from '../../coherence/regions.ts'
import type { KeyRecord } from '../../core/record.ts'
import type { MeteredVerdict } from '../../core/verdict.ts'
import type { UsageCode } from '../../usage/counter.ts'
import type { Report } from '../report.ts'
import type { RequestLocation, Services } from '../services.ts'

/** Counts a verdict about a known key; unknown tokens are not counted. */
export function countUse(
  services: Pick<Services, 'countUsage'>,
  verdict: MeteredVerdict | { code: UsageCode; record: KeyRecord },
): void {
  if (!('record' in verdict)) return
  const { code, record } = verdict
  services.countUsage(record, code === 'meter_unavailable' ? 'authority_unavailable' : code)
}

/** Counts which tiers served the known tokens of a request. */
export function countTiers(
  services: Pick<Services, 'countTier'>,
  { caller, checked }: Pick<Report, 'caller' | 'checked'>,
  request: RequestLocation,
): void {
  const all = caller === null ? checked : [caller, ...checked]
  const known = all.filter(({ keyId }) => keyId !== null)
  if (known.length === 0) return
  const region = nearestRegion(request.cf)
  for (const { tier } of known) services.countTier(region, tier)
}

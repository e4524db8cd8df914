// Counts how requests of known keys were answered, in memory: usage as soon as the outcome is known, and what the log of
// the account holds of the request after its answer.
import { cutAddress } from '../../core/address.ts'
import type { KeyRecord } from '../../core/record.ts'
import type { MeteredVerdict } from '../../core/verdict.ts'
import type { UsageCode } from '../../usage/counter.ts'
import type { Report, SampledUse } from '../report.ts'
import type { RequestLocation, Services } from '../services.ts'

type Use = Pick<SampledUse, 'tier' | 'ip' | 'isChecked'>

/** Counts a verdict about a known key; unknown tokens are not counted. */
export function countUse(
  services: Pick<Services, 'countUsage'>,
  report: Report,
  verdict: MeteredVerdict | { code: UsageCode; record: KeyRecord },
  use: Use,
): void {
  if (!('record' in verdict)) return
  const { record } = verdict
  const code = verdict.code === 'meter_unavailable' ? 'authority_unavailable' : verdict.code
  if (!services.countUsage(record, code)) return
  const [needed = null] = 'missing' in verdict ? [...verdict.missing, ...verdict.missingAnyOf] : []
  // A resource is a part of the path, which no log holds.
  const neededScope = needed?.split('#', 1)[0] ?? null
  report.sampled.push({ accountId: record.accountId, keyId: record.id, code, neededScope, ...use })
}

/** Counts which tiers served the known tokens of a request. */
export function countTiers(
  services: Pick<Services, 'countTier'>,
  { caller, checked }: Pick<Report, 'caller' | 'checked'>,
  request: RequestLocation,
): void {
  if (caller !== null && caller.keyId !== null) services.countTier(request, caller.tier)
  for (const { keyId, tier } of checked) if (keyId !== null) services.countTier(request, tier)
}

/** The request as it was answered. `route`: the pattern of the router that answered. */
export type Answered = { method: string | null; route: string | null; cf: unknown; ms: number }

/** After the answer, hands what was sampled of the request to the logs of the keys' accounts. */
export function logSamples(
  services: Pick<Services, 'logRequest' | 'clock'>,
  { sampled, target }: Report,
  { method, route, cf, ms }: Answered,
): void {
  const at = services.clock.now()
  const country = (cf as { country?: string } | undefined)?.country ?? null
  // The request that a service verified is not this one: its method, route and country are not known here.
  const own = {
    method: knownMethod(target?.method ?? method),
    // As OpenAPI spells it, and Hono does not.
    route: target === null ? (route?.replaceAll(/:(\w+)/g, '{$1}') ?? null) : target.pattern,
    country,
  }
  const unknown = { method: null, route: null, country: null }
  for (const { accountId, ip, isChecked, ...use } of sampled) {
    const request = isChecked ? unknown : own
    services.logRequest(accountId, { at, ...use, ...request, address: cutAddress(ip), ms })
  }
}

/** RFC 9110 9.1 and RFC 5789: any other token of a method could hold what no log may. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']

function knownMethod(method: string | null): string | null {
  return method !== null && methods.includes(method) ? method : null
}

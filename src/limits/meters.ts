// The caller's side of meters: one call a request. Whatever fails here means that the answer is not
// known: a request of a limited key never passes for want of a meter.
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import { type StoreUnavailable, within } from '../storage/unavailable.ts'
import type { ConsumeResult } from './decision.ts'
import type { ConsumeRequest, TopUpRequest, TopUpResult } from './meter.ts'
import type { MeterObject } from './meter-object.ts'

/** Nothing is known: it may have been taken or added. Only with an idempotency key is asking again safe. */
export type MeterUnavailable = { outcome: 'unavailable'; cause: StoreUnavailable }

export type Meters = {
  take(meter: string, take: ConsumeRequest): Promise<ConsumeResult | MeterUnavailable>
  topUp(meter: string, topUp: TopUpRequest): Promise<TopUpResult | MeterUnavailable>
  read(
    meter: string,
    terms: MeterTerms,
  ): Promise<({ outcome: 'read' } & LimitsRemaining) | MeterUnavailable>
}

const limitMs = 2_000

export function createMeters(namespace: DurableObjectNamespace<MeterObject>): Meters {
  // The platform calls again only where a call cannot have begun (its methods are not `retryable`).
  const stubOf = (meter: string) =>
    namespace.getByName(meter, { retry: { maxRetries: 1, timeoutMs: limitMs } })
  const ask = <Answer>(call: () => Promise<Answer>): Promise<Answer | MeterUnavailable> =>
    within('meter', limitMs, call()).catch((cause) => ({ outcome: 'unavailable', cause }))
  return {
    take: (meter, take) => ask(async () => await stubOf(meter).take(take)),
    topUp: (meter, topUp) => ask(async () => await stubOf(meter).topUp(topUp)),
    read: (meter, terms) =>
      ask(async () => ({ outcome: 'read' as const, ...(await stubOf(meter).read(terms)) })),
  }
}

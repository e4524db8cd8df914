// Calls to meters from a Worker, one for each request. A failed call is an outcome of its own: a request
// of a limited key is never admitted because its meter did not answer.
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import { StoreUnavailable, within } from '../storage/unavailable.ts'
import type { ConsumeResult } from './decision.ts'
import type { ConsumeRequest, TopUpRequest, TopUpResult } from './meter.ts'
import type { MeterObject } from './meter-object.ts'

/** Credits may have been consumed or added; only a call with an idempotency key can safely be repeated. */
export type MeterUnavailable = { outcome: 'unavailable'; cause: StoreUnavailable }

export type Meters = {
  take(meter: string, request: ConsumeRequest): Promise<ConsumeResult | MeterUnavailable>
  topUp(meter: string, request: TopUpRequest): Promise<TopUpResult | MeterUnavailable>
  /** When the credits of an idempotency key were added within 24 hours, if they were. */
  findTopUp(
    meter: string,
    idempotencyKey: string,
  ): Promise<{ outcome: 'found'; atMs: number } | { outcome: 'none' } | MeterUnavailable>
  read(
    meter: string,
    terms: MeterTerms,
  ): Promise<({ outcome: 'read' } & LimitsRemaining) | MeterUnavailable>
}

const timeoutMs = 2_000

export function createMeters(namespace: DurableObjectNamespace<MeterObject>): Meters {
  // The platform retries only a call that cannot have begun: the methods are not `retryable`.
  const stubOf = (meter: string) =>
    namespace.getByName(meter, { retry: { maxRetries: 1, timeoutMs } })
  const call = <Result>(method: () => Promise<Result>): Promise<Result | MeterUnavailable> =>
    within('meter', timeoutMs, method()).catch((cause) => {
      if (cause instanceof StoreUnavailable) return { outcome: 'unavailable', cause }
      throw cause
    })
  return {
    take: (meter, request) => call(async () => await stubOf(meter).take(request)),
    topUp: (meter, request) => call(async () => await stubOf(meter).topUp(request)),
    findTopUp: (meter, idempotencyKey) =>
      call(async () => {
        const use = await stubOf(meter).findTopUp(idempotencyKey)
        return use === null
          ? { outcome: 'none' as const }
          : { outcome: 'found' as const, atMs: use.atMs }
      }),
    read: (meter, terms) =>
      call(async () => ({ outcome: 'read' as const, ...(await stubOf(meter).read(terms)) })),
  }
}

// One call of a meter from a Worker. A failed call is an outcome of its own: a request of a limited key is never
// admitted because its meter did not answer.
import { StoreUnavailable, within } from '../storage/unavailable.ts'
import type { MeterObject } from './meter-object.ts'

/** Credits may have been consumed or added; only a call with an idempotency key can safely be repeated. */
export type MeterUnavailable = { outcome: 'unavailable'; cause: StoreUnavailable }

const timeoutMs = 2_000

/** It ends after at most two seconds. @param method awaits the answer, which is no promise of its own. */
export function callMeter<Result>(
  namespace: DurableObjectNamespace<MeterObject>,
  meter: string,
  method: (stub: DurableObjectStub<MeterObject>) => Promise<Result>,
): Promise<Result | MeterUnavailable> {
  // The platform retries only a call that cannot have begun: the methods are not `retryable`.
  const stub = namespace.getByName(meter, { retry: { maxRetries: 1, timeoutMs } })
  return within('meter', timeoutMs, method(stub)).catch((cause) => {
    if (cause instanceof StoreUnavailable) return { outcome: 'unavailable', cause }
    throw cause
  })
}

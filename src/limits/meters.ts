// The calls of meters from a Worker but for those of verifications, which need less code: see call-meter.ts.
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import { callMeter, type MeterUnavailable } from './call-meter.ts'
import type { TopUpRequest, TopUpResult } from './meter.ts'
import type { MeterObject } from './meter-object.ts'

export type Meters = {
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

export function createMeters(namespace: DurableObjectNamespace<MeterObject>): Meters {
  return {
    topUp: (meter, request) =>
      callMeter(namespace, meter, async (stub) => await stub.topUp(request)),
    findTopUp: (meter, idempotencyKey) =>
      callMeter(namespace, meter, async (stub) => {
        const use = await stub.findTopUp(idempotencyKey)
        return use === null
          ? { outcome: 'none' as const }
          : { outcome: 'found' as const, atMs: use.atMs }
      }),
    read: (meter, terms) =>
      callMeter(namespace, meter, async (stub) => ({
        outcome: 'read' as const,
        ...(await stub.read(terms)),
      })),
  }
}

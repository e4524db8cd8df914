// Fast limits of one request: the isolate's knowledge, and the calls that it is kept up to date by. Loaded when the first
// key with such limits is used.
import type { MeterTerms } from '../core/limits.ts'
import { callMeter, type MeterUnavailable } from '../limits/call-meter.ts'
import type { ConsumeResult } from '../limits/decision.ts'
import { FastMeters } from '../limits/fast-meters.ts'
import type { Isolate, WaitUntil } from './context.ts'

export function takeFast(
  isolate: Isolate,
  env: Pick<Env, 'METER'>,
  waitUntil: WaitUntil,
  meter: string,
  terms: MeterTerms,
): Promise<ConsumeResult | MeterUnavailable> {
  isolate.fastMeters ??= new FastMeters(isolate.clock.now)
  return isolate.fastMeters.take(meter, terms, {
    count: (request) => callMeter(env.METER, meter, async (stub) => await stub.count(request)),
    waitUntil,
    sleep: isolate.clock.sleep,
  })
}

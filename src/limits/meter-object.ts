// The meter as a Durable Object with SQLite storage. The platform holds back an answer until the writes
// before it are durable (output gate), so that no admitted request is lost.
import { DurableObject } from 'cloudflare:workers'
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import type { ConsumeResult } from './decision.ts'
import type {
  ConsumeRequest,
  CountAnswer,
  CountRequest,
  TopUpRequest,
  TopUpResult,
  Use,
} from './meter.ts'
import type { OpenMeter } from './open-meter.ts'

export class MeterObject extends DurableObject<Env> {
  private meter!: OpenMeter

  constructor(context: DurableObjectState, env: Env) {
    super(context, env)
    // No isolate that verifies keys evaluates it. No call is delivered before it is there.
    void context.blockConcurrencyWhile(async () => {
      const { openMeter } = await import('./open-meter.ts')
      this.meter = openMeter(context)
    })
  }

  take(request: ConsumeRequest): Promise<ConsumeResult> {
    return this.meter.take(request)
  }

  count(request: CountRequest): Promise<CountAnswer> {
    return this.meter.count(request)
  }

  topUp(request: TopUpRequest): Promise<TopUpResult> {
    return this.meter.topUp(request)
  }

  findTopUp(idempotencyKey: string): Promise<Use | null> {
    return this.meter.findTopUp(idempotencyKey)
  }

  read(terms: MeterTerms): Promise<LimitsRemaining> {
    return this.meter.read(terms)
  }

  override alarm(): Promise<void> {
    return this.meter.maintain()
  }
}

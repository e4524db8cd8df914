// The meter as a Durable Object with SQLite storage. The platform holds back an answer until the writes
// before it are durable (output gate), so that no admitted request is lost.
import { DurableObject } from 'cloudflare:workers'
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import type { ConsumeResult } from './decision.ts'
import type { ConsumeRequest, Meter, TopUpRequest, TopUpResult, Use } from './meter.ts'

export class MeterObject extends DurableObject<Env> {
  private meter!: Meter

  constructor(context: DurableObjectState, env: Env) {
    super(context, env)
    // No isolate that verifies keys evaluates it. No call is delivered before it is there.
    void context.blockConcurrencyWhile(async () => {
      const { openMeter } = await import('./open-meter.ts')
      this.meter = openMeter(context.storage)
    })
  }

  take(request: ConsumeRequest): ConsumeResult {
    return this.meter.take(request)
  }

  topUp(request: TopUpRequest): TopUpResult {
    return this.meter.topUp(request)
  }

  findTopUp(idempotencyKey: string): Use | null {
    return this.meter.findTopUp(idempotencyKey)
  }

  read(terms: MeterTerms): LimitsRemaining {
    return this.meter.read(terms)
  }

  override async alarm(): Promise<void> {
    await this.meter.maintain()
  }
}

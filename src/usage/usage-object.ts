// A month of a shard of keys, as a Durable Object with SQLite storage. The platform holds back an answer until the
// writes before it are durable (output gate), so that what it acknowledged is counted.
import { DurableObject } from 'cloudflare:workers'
import type { openUsage } from './open-usage.ts'
import type { UsageCalls } from './usage-calls.ts'

type Args<Name extends keyof UsageCalls> = Parameters<UsageCalls[Name]>
type Answer<Name extends keyof UsageCalls> = ReturnType<UsageCalls[Name]>

export class UsageObject extends DurableObject<Env> {
  private usage!: Awaited<ReturnType<typeof openUsage>>

  constructor(context: DurableObjectState, env: Env) {
    super(context, env)
    // No isolate that verifies keys evaluates it. A failure resets the object, and the next call tries again.
    void context.blockConcurrencyWhile(async () => {
      const { openUsage } = await import('./open-usage.ts')
      this.usage = await openUsage(context, env.DB)
    })
  }

  add(...args: Args<'add'>): Answer<'add'> {
    return this.usage.add(...args)
  }

  ofKey(...args: Args<'ofKey'>): Answer<'ofKey'> {
    return this.usage.ofKey(...args)
  }

  ofKeys(...args: Args<'ofKeys'>): Answer<'ofKeys'> {
    return this.usage.ofKeys(...args)
  }

  ofAccount(...args: Args<'ofAccount'>): Answer<'ofAccount'> {
    return this.usage.ofAccount(...args)
  }

  totals(...args: Args<'totals'>): Answer<'totals'> {
    return this.usage.totals(...args)
  }

  ofGroup(...args: Args<'ofGroup'>): Answer<'ofGroup'> {
    return this.usage.ofGroup(...args)
  }

  lastUsed(...args: Args<'lastUsed'>): Answer<'lastUsed'> {
    return this.usage.lastUsed(...args)
  }

  days(...args: Args<'days'>): Answer<'days'> {
    return this.usage.days(...args)
  }

  tiers(...args: Args<'tiers'>): Answer<'tiers'> {
    return this.usage.tiers(...args)
  }

  forget(...args: Args<'forget'>): Answer<'forget'> {
    return this.usage.forget(...args)
  }

  override async alarm(): Promise<void> {
    await this.usage.maintain()
  }
}

// A month of a shard of keys, as a Durable Object with SQLite storage.
import { DurableObject } from 'cloudflare:workers'
import type { UsageCalls } from './usage-calls.ts'

type Args<Name extends keyof UsageCalls> = Parameters<UsageCalls[Name]>
type Answer<Name extends keyof UsageCalls> = Promise<ReturnType<UsageCalls[Name]>>

export class UsageObject extends DurableObject<Env> {
  async add(..._: Args<'add'>): Answer<'add'> {
    throw notBuilt()
  }

  async ofKey(..._: Args<'ofKey'>): Answer<'ofKey'> {
    throw notBuilt()
  }

  async ofAccount(..._: Args<'ofAccount'>): Answer<'ofAccount'> {
    throw notBuilt()
  }

  async byGroup(..._: Args<'byGroup'>): Answer<'byGroup'> {
    throw notBuilt()
  }

  async lastUsed(..._: Args<'lastUsed'>): Answer<'lastUsed'> {
    throw notBuilt()
  }

  async days(..._: Args<'days'>): Answer<'days'> {
    throw notBuilt()
  }

  async tiers(..._: Args<'tiers'>): Answer<'tiers'> {
    throw notBuilt()
  }

  async forget(..._: Args<'forget'>): Answer<'forget'> {
    throw notBuilt()
  }
}

/** Nothing is stored and nothing is acknowledged: the queue keeps the messages. */
function notBuilt(): Error {
  return new Error('Usage objects store nothing yet.')
}

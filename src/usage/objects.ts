// Calls to usage objects from a Worker. What an object does not answer is unknown: a call throws, and nothing is
// taken for zero.
import { within } from '../storage/unavailable.ts'
import type { Shards } from './shards.ts'
import type { UsageCalls } from './usage-calls.ts'
import type { UsageObject } from './usage-object.ts'

/** The calls of one object. @throws StoreUnavailable */
export type UsageObjectClient = {
  [Call in keyof UsageCalls]: (
    ...given: Parameters<UsageCalls[Call]>
  ) => Promise<ReturnType<UsageCalls[Call]>>
}

/** @param name of a month and shard (`shards.ts`) */
export type UsageObjects = (name: string) => UsageObjectClient

export type UsageStores = { objects: UsageObjects; shards: Shards }

const readTimeoutMs = 5_000
const writeTimeoutMs = 20_000

export function createUsageObjects(namespace: DurableObjectNamespace<UsageObject>): UsageObjects {
  return (name) => {
    const call =
      <Call extends keyof UsageCalls>(method: Call, timeoutMs: number) =>
      (...given: Parameters<UsageCalls[Call]>) =>
        within('usage object', timeoutMs, ask(namespace, name, method, given))
    return {
      add: call('add', writeTimeoutMs),
      ofKey: call('ofKey', readTimeoutMs),
      ofKeys: call('ofKeys', readTimeoutMs),
      ofAccount: call('ofAccount', readTimeoutMs),
      totals: call('totals', readTimeoutMs),
      ofGroup: call('ofGroup', readTimeoutMs),
      lastUsed: call('lastUsed', lastUsedTimeoutMs),
      days: call('days', readTimeoutMs),
      tiers: call('tiers', readTimeoutMs),
      forget: call('forget', writeTimeoutMs),
    }
  }
}

/** A list of keys does not wait longer for what only refines it. */
const lastUsedTimeoutMs = 300

/** RPC's types make disposable copies of what is answered, which is plain data. */
async function ask<Call extends keyof UsageCalls>(
  namespace: DurableObjectNamespace<UsageObject>,
  name: string,
  method: Call,
  given: Parameters<UsageCalls[Call]>,
): Promise<ReturnType<UsageCalls[Call]>> {
  const stub = namespace.getByName(name) as unknown as Record<
    Call,
    (...given: Parameters<UsageCalls[Call]>) => Promise<ReturnType<UsageCalls[Call]>>
  >
  return await stub[method](...given)
}

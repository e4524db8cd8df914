// The usage objects, from the bindings. No verification loads this.
import { createUsageObjects, type UsageStores } from '../usage/objects.ts'
import { createUsageReader, type UsageReader } from '../usage/reader.ts'
import { createRequestLogs, type RequestLogs } from '../usage/request-logs.ts'
import { usageShardsOf } from './variables.ts'

/** The request logs of accounts. */
export function requestLogs(env: Pick<Env, 'REQUEST_LOG'>): RequestLogs {
  return createRequestLogs(env.REQUEST_LOG)
}

type Bindings = Pick<Env, 'USAGE_COUNTS' | 'USAGE_SHARDS'>

export function usageStores(env: Bindings): UsageStores {
  return { objects: createUsageObjects(env.USAGE_COUNTS), shards: usageShardsOf(env) }
}

/** Deletes a part of what the objects hold of an account. */
export function usageErasure(
  env: Bindings & Pick<Env, 'REQUEST_LOG'>,
): Pick<UsageReader, 'forget'> {
  return {
    async forget(accountId, nowMs) {
      await requestLogs(env).forget(accountId)
      return usageReader(env).forget(accountId, nowMs)
    },
  }
}

export function usageReader(env: Bindings): UsageReader {
  return createUsageReader(usageStores(env))
}

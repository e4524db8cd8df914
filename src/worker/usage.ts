// The usage objects, from the bindings. No verification loads this.
import { createUsageObjects, type UsageStores } from '../usage/objects.ts'
import { createUsageReader, type UsageReader } from '../usage/reader.ts'
import { usageShardsOf } from './variables.ts'

type Bindings = Pick<Env, 'USAGE_COUNTS' | 'USAGE_SHARDS'>

export function usageStores(env: Bindings): UsageStores {
  return { objects: createUsageObjects(env.USAGE_COUNTS), shards: usageShardsOf(env) }
}

export function usageReader(env: Bindings): UsageReader {
  return createUsageReader(usageStores(env))
}

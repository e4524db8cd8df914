// What readiness and the status page check, from the bindings.
import { inspectFence } from '../coherence/fences.ts'
import { fenceName, nearestRegion } from '../coherence/regions.ts'
import { createMeters } from '../limits/meters.ts'
import { summarisePending } from '../storage/pending-raises.ts'
import type { ReadinessStores } from '../storage/readiness.ts'
import { fencesPerRegionOf } from './variables.ts'

export function readinessStores(env: Env, cf: unknown): ReadinessStores {
  const region = nearestRegion(cf)
  return {
    pending: () => summarisePending(env.DB),
    cache: () => env.KEY_CACHE.get('readiness', { cacheTtl: 30 }),
    fence: () => inspectFence(env.FENCE, fenceName(region, 0, fencesPerRegionOf(env)), []),
    async meter() {
      const terms = { windows: [], credits: null }
      const { outcome } = await createMeters(env.METER).read(`readiness/${region}`, terms)
      if (outcome === 'unavailable') throw new Error('no answer')
    },
    isQueueBound: typeof env.USAGE?.send === 'function',
  }
}

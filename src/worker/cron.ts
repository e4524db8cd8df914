// What is done by the clock (`triggers.crons` in wrangler.toml): every minute the drainer, and at any other
// schedule the canary. What is found wrong is an error in the log, under a name that an alert can look for.

import { inspectFence } from '../coherence/fences.ts'
import { fenceName, regionOfFence } from '../coherence/regions.ts'
import { settle } from '../coherence/settle.ts'
import { errorSummary, log } from '../core/log.ts'
import { type CanaryStores, runCanary } from '../keys/canary.ts'
import { finishClosings } from '../keys/closing.ts'
import { pruneAttempts } from '../storage/attempts.ts'
import { type CanaryRun, recordRun } from '../storage/canary-log.ts'
import { listFences } from '../storage/fence-registry.ts'
import { createKeyCache } from '../storage/key-cache.ts'
import { createKeyReader } from '../storage/key-store.ts'
import { isOverdue, summarisePending } from '../storage/pending-raises.ts'
import { createUsageStore } from '../storage/usage-store.ts'
import { changeStores, settleSettings } from './changes.ts'
import type { Isolate, WaitUntil } from './context.ts'
import { drainWebhooks } from './queues.ts'
import { areChangesStopped, shardsOf } from './variables.ts'

const drainerCron = '* * * * *'

export async function runScheduled(
  isolate: Isolate,
  env: Env,
  cron: string,
  waitUntil: WaitUntil,
): Promise<void> {
  if (cron === drainerCron) await drain(isolate, env)
  else await watchPromise(isolate, env, waitUntil)
}

/**
 * Brings into force what crashed Workers left, sends what they did not, forgets what is too old. A step
 * that fails keeps none of the others from being tried.
 * @throws Error of the first step that failed.
 */
async function drain(isolate: Isolate, env: Env): Promise<void> {
  const stores = changeStores(isolate, env)
  const settings = settleSettings(isolate)
  const now = isolate.clock.now()
  const steps: Record<string, () => Promise<unknown>> = {
    settle: () => settle(stores, settings, 'all'),
    overdue: () => reportOverdue(env, isolate.clock.now()),
    webhooks: () => drainWebhooks(isolate, env),
    usage: () => createUsageStore(env.DB).prune(now),
    attempts: () => pruneAttempts(env.DB, now),
    closings: async () => {
      if (!areChangesStopped(env)) await finishClosings({ ...stores, db: env.DB }, settings)
    },
  }
  const failures: unknown[] = []
  for (const [step, run] of Object.entries(steps)) {
    await run().catch((cause) => {
      log('error', 'drain_failed', { step, cause: errorSummary(cause) })
      failures.push(cause)
    })
  }
  if (failures.length > 0) throw failures[0]
}

async function reportOverdue(env: Env, now: number): Promise<void> {
  const pending = await summarisePending(env.DB)
  if (!isOverdue(pending, now)) return
  const oldest_seconds = Math.round((now - (pending.oldestAt ?? now)) / 1000)
  log('error', 'raises_overdue', { count: pending.count, oldest_seconds, fences: pending.fences })
}

async function watchPromise(isolate: Isolate, env: Env, waitUntil: WaitUntil): Promise<void> {
  // During a restore nothing may be changed, not even by the canary.
  if (areChangesStopped(env)) return
  const { config } = isolate
  const randomBytes = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
  const settings = { ...settleSettings(isolate), config, randomBytes, waitUntil }
  const run = await runCanary(canaryStores(isolate, env), settings)
  tell(run)
  await recordRun(env.DB, run)
}

function tell({ outcome, problem, revocationMs, regions }: CanaryRun): void {
  log(outcome === 'held' ? 'info' : 'error', `canary_${outcome}`, {
    problem: problem ?? undefined,
    revocation_ms: revocationMs,
    regions,
  })
}

export function canaryStores(isolate: Isolate, env: Env): CanaryStores {
  const cache = createKeyCache(env.KEY_CACHE)
  const keys = createKeyReader(env.DB)
  return {
    ...changeStores(isolate, env),
    cache,
    async regions(digest) {
      const shards = shardsOf(env)
      const open = (await listFences(env.DB)).flatMap((name) => {
        const region = regionOfFence(name)
        if (fenceName(region, digest, shards) !== name) return []
        // Asked without a trace: the canary must not keep a region open that nobody uses.
        const requiredSeq = () =>
          inspectFence(env.FENCE, name, digest).then(
            (facts) => facts.requiredSeq,
            () => null,
          )
        return [{ region: region as string, stores: { fence: { requiredSeq }, cache, keys } }]
      })
      // Where no fence stands a reader asks D1 each time.
      return [...open, { region: 'elsewhere', stores: { fence: nobody, cache, keys } }]
    },
  }
}

const nobody = { requiredSeq: async () => null }

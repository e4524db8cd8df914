// Scheduled work (`triggers.crons` in wrangler.toml): the reconciler every minute, the canary at any other
// schedule. Faults become errors in the log, under event names that alerts can match.
import type { Floor } from '../coherence/fence.ts'
import { inspectFence, type NearestFence } from '../coherence/fences.ts'
import { regionOfFence } from '../coherence/regions.ts'
import { settle } from '../coherence/settle.ts'
import { groupOf } from '../core/subject.ts'
import { type CanaryStores, canaryAccountId, runCanary } from '../keys/canary.ts'
import { finishClosings } from '../keys/closing.ts'
import { log, tryEach } from '../log.ts'
import { type CanaryRun, recordRun } from '../storage/canary-log.ts'
import { isExpiryDue, pruneExpired } from '../storage/expired.ts'
import { listFences } from '../storage/fence-registry.ts'
import { pruneRequests } from '../storage/idempotency.ts'
import { createKeyCache } from '../storage/key-cache.ts'
import { createKeyReader } from '../storage/key-store.ts'
import { foldNames } from '../storage/name-folding.ts'
import { isOverdue, summarisePending } from '../storage/pending-raises.ts'
import { markForReview } from '../storage/reviews.ts'
import { changeStores, settleSettings } from './changes.ts'
import type { Isolate, WaitUntil } from './context.ts'
import { drainOutboxes } from './queues.ts'
import { usageErasure } from './usage.ts'
import { areChangesStopped } from './variables.ts'

const reconcilerCron = '* * * * *'

export async function runScheduled(
  isolate: Isolate,
  env: Env,
  cron: string,
  waitUntil: WaitUntil,
): Promise<void> {
  if (cron === reconcilerCron) await reconcile(isolate, env, waitUntil)
  else await watch(isolate, env, waitUntil)
}

/**
 * Settles changes and sends webhooks and mail that crashed Workers left behind, and prunes what is too old. A step that
 * fails does not keep the others from running.
 * @throws Error of the first step that failed.
 */
async function reconcile(isolate: Isolate, env: Env, waitUntil: WaitUntil): Promise<void> {
  const stores = changeStores(isolate, env)
  const settings = settleSettings(isolate, waitUntil)
  const now = isolate.clock.now()
  const steps: Record<string, () => Promise<unknown>> = {
    settle: () => settle(stores, settings, 'all'),
    overdue: () => reportOverdue(env, isolate.clock.now()),
    outbox: () => drainOutboxes(isolate, env),
    expired: async () => {
      if (isExpiryDue(now)) await pruneExpired(env.DB, now)
    },
    idempotency: () => pruneRequests(env.DB, now),
    names: async () => {
      if (!areChangesStopped(env)) await foldNames(env.DB)
    },
    reviews: async () => {
      if (!areChangesStopped(env)) await markForReview(env.DB)
    },
    closings: async () => {
      if (areChangesStopped(env)) return
      await finishClosings({ ...stores, db: env.DB, usage: usageErasure(env) }, settings)
    },
  }
  await tryEach('reconcile_failed', 'step', Object.entries(steps))
}

async function reportOverdue(env: Env, now: number): Promise<void> {
  const pending = await summarisePending(env.DB)
  if (!isOverdue(pending, now)) return
  const oldest_seconds = Math.round((now - (pending.oldestAt ?? now)) / 1000)
  log('error', 'raises_overdue', { count: pending.count, oldest_seconds, fences: pending.fences })
}

/** The canary: checks with a key of its own that a revocation is in force everywhere when it is answered. */
async function watch(isolate: Isolate, env: Env, waitUntil: WaitUntil): Promise<void> {
  // During a restore nothing may change, not even by the canary.
  if (areChangesStopped(env)) return
  const { config } = isolate
  const randomBytes = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
  const settings = { ...settleSettings(isolate, waitUntil), config, randomBytes }
  const run = await runCanary(canaryStores(isolate, env), settings)
  logRun(run)
  await recordRun(env.DB, run)
}

function logRun({ outcome, problem, revocationMs, regions }: CanaryRun): void {
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
      const open = (await listFences(env.DB)).map((name) => ({
        region: regionOfFence(name) as string,
        stores: { fence: probe(env, name, digest), cache, keys },
      }))
      // Without a fence every verification reads D1.
      return [...open, { region: 'elsewhere', stores: { fence: noFence, cache, keys } }]
    },
  }
}

/** `inspect` leaves no trace: the canary must not keep the fence of an unused region alive. */
function probe({ FENCE }: Env, name: string, digest: string): NearestFence {
  const subjects = [digest, groupOf(canaryAccountId)]
  return {
    async ask() {
      const found = await inspectFence(FENCE, name, subjects).catch(() => null)
      if (found === null || found.minSeq === null) return null
      const { epoch, rev, minSeq: base, required } = found
      const floors = subjects.map((subject, at): Floor => [subject, required[at] ?? base])
      return { epoch, rev, base, horizon: base, floors, requiredSeq: required[0] ?? base }
    },
  }
}

const noFence: NearestFence = { ask: async () => null }

// Clients that change keys through the real code and retry when they get no answer. A change that is answered
// as in force becomes a guarantee, and readers check it at once.

import { settle } from '../../src/coherence/settle.ts'
import type { ChangeStores, Progress } from '../../src/keys/change.ts'
import type { KeySettings } from '../../src/keys/mint.ts'
import { createKeyCache } from '../../src/storage/key-cache.ts'
import { describe } from './base-world.ts'
import { config } from './config.ts'
import { noVersions, type TouchedVersions } from './d1.ts'
import { tagKeys, verifyLater } from './readers.ts'
import { type Isolate, marginMs, type World } from './world.ts'

/** What the handler of one request uses. */
export type RequestContext = {
  world: World
  stores: ChangeStores
  settings: KeySettings
  touched: TouchedVersions
}

/** How a request was answered; null: refused. */
export type Answer = Progress['kind'] | 'created' | null

/** A request that a client may repeat. */
export type ChangeRequest = { name: string; run(context: RequestContext): Promise<Answer> }

/** Sends the request to this isolate after a delay; without an answer, retries in another. */
export function sendLater(
  world: World,
  isolate: Isolate,
  request: ChangeRequest,
  delay: number,
  retriesLeft = 2,
): void {
  const { swarm, random, scheduler } = world
  const actor = world.newActor(request.name, swarm.settlerLag, isolate)
  let isAnswered = false
  scheduler.after(delay, actor, async () => {
    if (world.areChangesStopped) return
    world.changers.add(actor)
    isAnswered = await attempt(world, isolate, request, () => world.changers.delete(actor))
  })
  if (retriesLeft === 0 || !random.is(swarm.retryProbability)) return
  const timeoutMs = delay + random.int(random.one([100, 5_000, 25_000]))
  scheduler.after(timeoutMs, null, () => {
    if (isAnswered) return
    world.count('retried')
    sendLater(world, random.one(world.isolates), request, 0, retriesLeft - 1)
  })
}

async function attempt(
  world: World,
  isolate: Isolate,
  request: ChangeRequest,
  onEnd: () => void,
): Promise<boolean> {
  const background: Promise<unknown>[] = []
  const context = createRequestContext(world, isolate, background)
  const name = world.scheduler.current?.name ?? ''
  world.trace?.(name, 'begins')
  try {
    const answer = await request.run(context)
    world.trace?.(name, 'answers', answer ?? 'refused')
    world.count(`change ${answer ?? 'refused'}`)
    if (answer === 'in_force' || answer === 'created') guarantee(world, context.touched)
    void Promise.all(background).then(onEnd)
    return true
  } catch (error) {
    reportFailure(world, name, error)
    onEnd()
    return false
  }
}

function reportFailure(world: World, name: string, error: unknown): void {
  world.trace?.(name, 'fails', describe(error))
  world.count('change failed')
  // An import whose first answer was lost meets its own key.
  const isRepeated = name.startsWith('import') && describe(error).includes('UNIQUE constraint')
  const isExpected = (error instanceof Error && error.name === 'StoreUnavailable') || isRepeated
  if (!isExpected) world.fail('a change fails only as unavailable', describe(error))
}

/** From now on no verdict may be older; readers check this in most isolates. */
export function guarantee(world: World, { read, committed, pending }: TouchedVersions): void {
  for (const versions of [read, committed, pending]) world.history.guarantee(versions)
  const { random, swarm } = world
  for (const digest of new Set([...read.keys(), ...committed.keys()])) {
    const key = world.keys.find((known) => known.digest === digest)
    if (key === undefined) continue
    for (const isolate of world.isolates) {
      if (random.is(0.35)) continue
      verifyLater(world, isolate, key, random.int(random.one([1, 50, swarm.leaseMs + marginMs])))
    }
  }
}

export function createRequestContext(
  world: World,
  isolate: Isolate | null,
  background: Promise<unknown>[],
): RequestContext {
  const touched = noVersions()
  const { random, swarm, scheduler, d1 } = world
  const stores: ChangeStores = {
    fences: world.allFences,
    changes: d1.changes(touched),
    cache: createKeyCache(world.kv.namespace),
    memory: isolate?.stores.memory ?? { forget() {} },
    find: (accountId, id) => d1.find(accountId, id, touched),
  }
  const settings: KeySettings = {
    config,
    tagKeys,
    leaseMs: swarm.leaseMs,
    marginMs,
    clock: { now: scheduler.clock, sleep: world.sleep },
    respondAsync: random.is(swarm.asyncProbability),
    waitUntil: (work) =>
      void background.push(work.then(guaranteeWhenSettled(world, touched), () => {})),
    randomBytes(bytes) {
      for (let at = 0; at < bytes.length; at++) bytes[at] = random.int(256)
      return bytes
    },
    newId: () => `id-${++world.ids}`,
  }
  return { world, stores, settings, touched }
}

/** A settle in the background guarantees its changes when no region is missing. */
function guaranteeWhenSettled(world: World, touched: TouchedVersions) {
  return (missing: unknown) => {
    if (Array.isArray(missing) && missing.length === 0) world.history.guarantee(touched.pending)
  }
}

/** The reconciler, as src/worker/cron.ts runs it. @returns whether every change is in force. */
export async function reconcile(world: World): Promise<boolean> {
  const { stores, settings, touched } = createRequestContext(world, null, [])
  try {
    const missing = await settle(stores, settings, 'all')
    // While D1 is being restored nothing is guaranteed.
    if (missing.length === 0 && !world.areChangesStopped) world.history.guarantee(touched.pending)
    world.count(missing.length === 0 ? 'reconciled' : 'reconciled in part')
    return missing.length === 0
  } catch (error) {
    world.trace?.('reconcile', 'fails', describe(error))
    return false
  }
}

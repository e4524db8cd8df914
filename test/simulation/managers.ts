// Requests that change keys, through the real code, and the clients that make them: a client that gets
// no answer asks again. What is answered as in force becomes a promise, and somebody looks at once.

import { settle } from '../../src/coherence/settle.ts'
import type { ChangeStores, Progress } from '../../src/keys/change.ts'
import type { KeySettings } from '../../src/keys/mint.ts'
import { createKeyCache } from '../../src/storage/key-cache.ts'
import { config } from './config.ts'
import { type Notes, newNotes } from './d1.ts'
import { tagKeys, verifyLater } from './readers.ts'
import { describe, type Isolate, marginMs, type World } from './world.ts'

/** What a request works with. */
export type Desk = { world: World; stores: ChangeStores; settings: KeySettings; notes: Notes }

/** How a request was answered; null: refused. */
export type Answer = Progress['kind'] | 'created' | null

/** A request that a client may make again. */
export type Ask = { name: string; run(desk: Desk): Promise<Answer> }

/** Makes the request after a while, in this isolate; when it is not answered, again in another. */
export function askLater(world: World, isolate: Isolate, ask: Ask, delay: number, again = 2): void {
  const { swarm, random, scheduler } = world
  const actor = world.newActor(ask.name, swarm.settlerLag, isolate)
  let isAnswered = false
  scheduler.after(delay, actor, async () => {
    if (world.isStopped) return
    world.changers.add(actor)
    isAnswered = await answered(world, isolate, ask, () => world.changers.delete(actor))
  })
  if (again === 0 || !random.is(swarm.asksAgain)) return
  const patience = delay + random.int(random.one([100, 5_000, 25_000]))
  scheduler.after(patience, null, () => {
    if (isAnswered) return
    world.count('asked again')
    askLater(world, random.one(world.isolates), ask, 0, again - 1)
  })
}

async function answered(
  world: World,
  isolate: Isolate,
  ask: Ask,
  onEnd: () => void,
): Promise<boolean> {
  const background: Promise<unknown>[] = []
  const desk = openDesk(world, isolate, background)
  const who = world.scheduler.current?.name ?? ''
  world.trace?.(who, 'begins')
  try {
    const answer = await ask.run(desk)
    world.trace?.(who, 'answers', answer ?? 'refused')
    world.count(`change ${answer ?? 'refused'}`)
    if (answer === 'in_force' || answer === 'created') promise(world, desk.notes)
    void Promise.all(background).then(onEnd)
    return true
  } catch (error) {
    failed(world, who, error)
    onEnd()
    return false
  }
}

function failed(world: World, who: string, error: unknown): void {
  world.trace?.(who, 'fails', describe(error))
  world.count('change failed')
  const isExpected = error instanceof Error && error.name === 'StoreUnavailable'
  if (!isExpected) world.fail('a change fails well', describe(error))
}

/** From here on it is promised. */
export function promise(world: World, { seen, committed, pending }: Notes): void {
  for (const versions of [seen, committed, pending]) world.history.promise(versions)
  const { random, swarm } = world
  for (const digest of new Set([...seen.keys(), ...committed.keys()])) {
    const key = world.keys.find((known) => known.digest === digest)
    if (key === undefined) continue
    for (const isolate of world.isolates) {
      if (random.is(0.35)) continue
      verifyLater(world, isolate, key, random.int(random.one([1, 50, swarm.leaseMs + marginMs])))
    }
  }
}

export function openDesk(
  world: World,
  isolate: Isolate | null,
  background: Promise<unknown>[],
): Desk {
  const notes = newNotes()
  const { random, swarm, scheduler, d1 } = world
  const stores: ChangeStores = {
    fences: world.allFences,
    changes: d1.changes(notes),
    cache: createKeyCache(world.kv.namespace),
    memory: isolate?.stores.memory ?? { forget() {} },
    find: (accountId, id) => d1.find(accountId, id, notes),
  }
  const settings: KeySettings = {
    config,
    tagKeys,
    leaseMs: swarm.leaseMs,
    marginMs,
    clock: { now: scheduler.clock, sleep: world.sleep },
    respondAsync: random.is(swarm.respondsAsync),
    waitUntil: (work) => void background.push(work.then(promised(world, notes), () => {})),
    randomBytes(bytes) {
      for (let at = 0; at < bytes.length; at++) bytes[at] = random.int(256)
      return bytes
    },
    newId: () => `id-${++world.ids}`,
  }
  return { world, stores, settings, notes }
}

/** What settles in the background is in force when no region is missing. */
function promised(world: World, notes: Notes) {
  return (missing: unknown) => {
    if (Array.isArray(missing) && missing.length === 0) world.history.promise(notes.pending)
  }
}

/** The drainer, as src/index.ts runs it. Answers whether all is in force. */
export async function drain(world: World): Promise<boolean> {
  const { stores, settings, notes } = openDesk(world, null, [])
  try {
    const missing = await settle(stores, settings, 'all')
    // While D1 is being restored nothing is promised to anybody.
    if (missing.length === 0 && !world.isStopped) world.history.promise(notes.pending)
    world.count(missing.length === 0 ? 'drained' : 'drained in part')
    return missing.length === 0
  } catch (error) {
    world.trace?.('drain', 'fails', describe(error))
    return false
  }
}

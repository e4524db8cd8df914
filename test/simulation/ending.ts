// The end of a history: faults stop, and then everything must be well again.

import { fenceName, type Region } from '../../src/coherence/regions.ts'
import { drain } from './managers.ts'
import { maxLateness } from './network.ts'
import { type Outcome, verifyNow } from './readers.ts'
import type { Isolate, KnownKey, World } from './world.ts'

/** Longer than any time limit of the code under test. */
const patience = 12_000

export async function conclude(world: World): Promise<void> {
  world.trace?.('STORY', 'faults stop')
  world.stopFaults()
  if (!(await becomesQuiet(world))) return
  if (!(await drain(world))) return world.fail('nothing stays pending', 'the drainer failed')
  const { raises } = world.d1.tables
  if (raises.size > 0) return world.fail('nothing stays pending', `${raises.size} raises`)
  const { random, isolates } = world
  for (const isolate of [random.one(isolates), random.one(isolates)]) {
    const key = world.random.one(world.keys)
    if (key === undefined || !world.d1.tables.keys.has(key.digest)) continue
    await becomesWarm(world, isolate, key)
  }
  if (random.is(0.1)) await retires(world)
}

/** Nobody asks any more: fences take themselves off the list. One that stays is counted, see README.md. */
async function retires(world: World): Promise<void> {
  world.trace?.('STORY', 'nobody asks')
  const { fences } = world.d1.tables
  const listed = fences.size
  await world.pause(6 * 24 * 3_600_000)
  world.counts['idle: listed'] = listed
  world.counts['idle: left behind'] = fences.size
  for (const name of fences.keys()) {
    if (world.house.isRegistered(name)) world.fail('idle fences retire', `${name} still answers`)
  }
}

/** Whatever is still on its way arrives, and every request comes to its end. */
async function becomesQuiet(world: World): Promise<boolean> {
  const isChanging = () => world.isStopped || [...world.changers].some(({ isAlive }) => isAlive)
  // A restore may end late, and clients that waited for it come after it.
  for (let times = 0; times < 4; times++) {
    await world.pause(maxLateness + 3 * patience + world.swarm.leaseMs)
    if (!isChanging()) return true
  }
  const [waiting] = [...world.changers].filter(({ isAlive }) => isAlive)
  world.fail('every change is answered', `${waiting?.name ?? 'the restore'} still waits`)
  return false
}

async function becomesWarm(world: World, isolate: Isolate, key: KnownKey): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const { leaseMs } = world.swarm
    const outcome = await verifyNow(world, isolate, key)
    if (!isKnown(outcome)) {
      return world.fail('nothing stays degraded', `${isolate.name} is unavailable`)
    }
    // The first may live on a lease, and a fence that it opens lets everything be read once more.
    await world.pause(patience + leaseMs)
  }
  const fence = fenceName(isolate.region, key.digest, isolate.shards)
  if (!world.house.isRegistered(fence) || !world.d1.tables.fences.has(fence)) {
    return world.fail('nothing stays degraded', `the fence ${fence} does not stand`)
  }
  await verifyNow(world, isolate, key)
  await hasNoNeed(world, isolate, key)
  const cold = world.startIsolate(isolate.region as Region, isolate.shards)
  await verifyNow(world, cold, key)
  await world.pause(patience)
  world.trace?.('STORY', 'D1 goes down')
  for (const link of [world.links.reads, world.links.writes]) {
    link.downUntil = Number.POSITIVE_INFINITY
  }
  if (world.random.is(0.5)) world.house.evict(fence)
  world.startIsolate(isolate.region as Region, isolate.shards)
  for (const reader of [...world.isolates]) {
    if (reader.region !== isolate.region || reader.shards !== isolate.shards) continue
    await passesWithoutD1(world, reader, key)
  }
  world.trace?.('STORY', 'D1 is back')
  for (const link of [world.links.reads, world.links.writes]) link.downUntil = 0
}

/** With the lease running there is no I/O, and afterwards none but the fence's. */
async function hasNoNeed(world: World, isolate: Isolate, key: KnownKey): Promise<void> {
  const second = await verifyNow(world, isolate, key)
  const usual = world.swarm.leaseMs > 0 ? 'memory' : 'fence'
  if (second?.tier !== usual) {
    world.fail('a hot key needs no I/O', `${isolate.name} asks: ${second?.tier}`)
  }
  await world.pause(world.swarm.leaseMs + 1)
  const third = await verifyNow(world, isolate, key)
  if (third?.tier !== 'fence' || third.calls !== 1) {
    world.fail('a warm key needs the fence alone', `${isolate.name}: ${JSON.stringify(third)}`)
  }
}

async function passesWithoutD1(world: World, reader: Isolate, key: KnownKey): Promise<void> {
  const outcome = await verifyNow(world, reader, key)
  if (isKnown(outcome)) return
  world.fail('keys in KV pass while D1 is down', `${reader.name} does not`)
}

function isKnown(outcome: Outcome | null): boolean {
  return outcome !== null && outcome.code !== 'authority_unavailable'
}

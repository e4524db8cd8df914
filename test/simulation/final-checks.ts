// The end of a history: faults stop, and the system must recover completely.

import { reconcile } from './clients.ts'
import { noVersions } from './d1.ts'
import { maxLateness } from './network.ts'
import { type Outcome, verifyNow } from './readers.ts'
import type { Isolate, KnownKey, World } from './world.ts'

/** Longer than any timeout of the code under test. */
const quietMs = 12_000

export async function runFinalChecks(world: World): Promise<void> {
  world.trace?.('SCENARIO', 'faults stop')
  world.stopFaults()
  if (!(await waitUntilIdle(world))) return
  await resumeSome(world)
  if (!(await reconcile(world))) return world.fail('nothing stays pending', 'the reconciler failed')
  // Acknowledged rows are deleted behind the answer.
  await world.pause(quietMs)
  const { raises } = world.d1.tables
  if (raises.size > 0) return world.fail('nothing stays pending', `${raises.size} raises`)
  const { random, isolates } = world
  for (const isolate of [random.one(isolates), random.one(isolates)]) {
    const key = world.random.one(world.keys)
    if (key === undefined || !world.d1.tables.keys.has(key.digest)) continue
    await checkRecovery(world, isolate, key)
  }
  if (random.is(0.1)) await checkRetirement(world)
}

/** Their keys must work again: the checks below read them in a busy isolate, after the reconciler has run. */
async function resumeSome({ d1, random }: World): Promise<void> {
  const { closing, suspended } = d1.tables
  for (const account of [...closing]) {
    if (random.is(0.7)) await d1.changeAccount(account, { kind: 'reopen' }, noVersions())
  }
  for (const account of [...suspended]) {
    if (random.is(0.7)) await d1.changeAccount(account, { kind: 'resume' }, noVersions())
  }
}

/** Without traffic, fences remove themselves from the list. Any that stays is counted, see README.md. */
async function checkRetirement(world: World): Promise<void> {
  world.trace?.('SCENARIO', 'traffic stops')
  const { fences } = world.d1.tables
  const listed = fences.size
  await world.pause(6 * 24 * 3_600_000)
  world.counts['idle: listed'] = listed
  world.counts['idle: still listed'] = fences.size
  for (const name of fences.keys()) {
    if (world.fenceHost.isRegistered(name))
      world.fail('idle fences retire', `${name} still answers`)
  }
}

/** Waits until every message has arrived and every request has ended. */
async function waitUntilIdle(world: World): Promise<boolean> {
  const isChanging = () =>
    world.areChangesStopped || [...world.changers].some(({ isAlive }) => isAlive)
  // A restore may end late, and clients that waited for it follow.
  for (let times = 0; times < 4; times++) {
    await world.pause(maxLateness + 3 * quietMs + world.swarm.leaseMs)
    if (!isChanging()) return true
  }
  const [waiting] = [...world.changers].filter(({ isAlive }) => isAlive)
  world.fail('every change is answered', `${waiting?.name ?? 'the restore'} still waits`)
  return false
}

async function checkRecovery(world: World, isolate: Isolate, key: KnownKey): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const { leaseMs } = world.swarm
    const outcome = await verifyNow(world, isolate, key)
    if (!isKnown(outcome)) {
      return world.fail('nothing stays degraded', `${isolate.name} is unavailable`)
    }
    // The first may be served by a lease; if it opens a fence, every record is read again.
    await world.pause(quietMs + leaseMs)
  }
  const { fence } = isolate
  if (!world.fenceHost.isRegistered(fence) || !world.d1.tables.fences.has(fence)) {
    return world.fail('nothing stays degraded', `the fence ${fence} is not registered`)
  }
  await verifyNow(world, isolate, key)
  await checkCalls(world, isolate, key)
  await checkBusy(world, isolate, key)
  await checkWithoutD1(world, isolate, key, fence)
}

/** A cold isolate serves a key that KV holds, even after its fence was evicted. */
async function checkWithoutD1(
  world: World,
  isolate: Isolate,
  key: KnownKey,
  fence: string,
): Promise<void> {
  const cold = world.startBeside(isolate)
  await verifyNow(world, cold, key)
  await world.pause(quietMs)
  world.trace?.('SCENARIO', 'D1 goes down')
  for (const link of [world.links.reads, world.links.writes]) {
    link.downUntil = Number.POSITIVE_INFINITY
  }
  if (world.random.is(0.5)) world.fenceHost.evict(fence)
  world.startBeside(isolate)
  for (const reader of [...world.isolates]) {
    if (reader.fence !== fence) continue
    await checkServedWithoutD1(world, reader, key)
  }
  world.trace?.('SCENARIO', 'D1 is back')
  for (const link of [world.links.reads, world.links.writes]) link.downUntil = 0
}

/** A busy isolate renews its view in time, and never waits for its fence. */
async function checkBusy(world: World, isolate: Isolate, key: KnownKey): Promise<void> {
  const { leaseMs } = world.swarm
  for (let times = 0; leaseMs > 0 && times < 12; times++) {
    await world.pause(Math.floor(leaseMs / 3))
    const outcome = await verifyNow(world, isolate, key)
    if (outcome?.tier === 'memory') continue
    world.fail('a busy isolate needs no I/O', `${isolate.name} was answered from ${outcome?.tier}`)
  }
}

/** While the view runs there is no I/O; afterwards there is one call, to the fence. */
async function checkCalls(world: World, isolate: Isolate, key: KnownKey): Promise<void> {
  const second = await verifyNow(world, isolate, key)
  const usual = world.swarm.leaseMs > 0 ? 'memory' : 'fence'
  if (second?.tier !== usual) {
    world.fail('a hot key needs no I/O', `${isolate.name} was answered from ${second?.tier}`)
  }
  await world.pause(world.swarm.leaseMs + 1)
  const third = await verifyNow(world, isolate, key)
  if (third?.tier !== 'fence' || third.calls !== 1) {
    world.fail('a warm key needs only its fence', `${isolate.name}: ${JSON.stringify(third)}`)
  }
}

async function checkServedWithoutD1(world: World, reader: Isolate, key: KnownKey): Promise<void> {
  const outcome = await verifyNow(world, reader, key)
  if (isKnown(outcome)) return
  world.fail('keys in KV are valid while D1 is down', `${reader.name} is unavailable`)
}

function isKnown(outcome: Outcome | null): boolean {
  return outcome !== null && outcome.code !== 'authority_unavailable'
}

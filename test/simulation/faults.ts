// Steps in which machines and stores fail, or the deployment changes.

import { regions } from '../../src/coherence/regions.ts'
import {
  randomChange,
  randomIsolate,
  scheduleReaders,
  scheduleReadersWithin,
  withRandomKey,
} from './actors.ts'
import { sendLater } from './clients.ts'
import type { Link } from './network.ts'
import { verifyLater } from './readers.ts'
import type { World } from './world.ts'

export const faults = {
  evictIsolate(world: World): void {
    const at = world.random.int(world.isolates.length)
    const isolate = world.isolates[at]
    if (isolate === undefined) return
    for (const actor of isolate.running) actor.isAlive = false
    world.isolates[at] = world.replacementOf(isolate, isolate.fencesPerRegion)
  },

  evictFence({ fenceHost, random }: World): void {
    for (const name of fenceHost.fences.keys()) if (random.is(0.6)) fenceHost.evict(name)
  },

  loseStorage({ fenceHost, random }: World): void {
    const names = [...fenceHost.fences.keys()]
    if (names.length > 0) fenceHost.loseStorage(random.one(names))
  },

  outage(world: World): void {
    const { random, links, swarm, scheduler, network } = world
    const fences = fenceLinks(world, random.one(swarm.regions))
    const down = random.one([[links.reads, links.writes], [links.writes], [links.kv], fences])
    const until = scheduler.now + random.int(random.one([500, 5_000, 30_000]))
    for (const link of down) {
      network.count(`${link.name.split(' ')[0]} outage`)
      link.downUntil = until
      link.hangsWhenDown = random.is(0.3)
    }
  },

  /** Answers are late while a key changes: readers get values from before the change. */
  congestion(world: World): void {
    const { random, links, swarm, network } = world
    const reads = swarm.regions.map((region) => world.linkOf(region, 'ask'))
    const late = random.one([reads, [links.kv], [links.reads], [links.reads], [links.writes]])
    congest(world, late, 800)
    network.count(`${late[0]?.name.split(' ')[0]} congestion`)
    withRandomKey(world, (key) => {
      scheduleReadersWithin(world, key, 4, 300)
      sendLater(world, randomIsolate(world), randomChange(world, key), random.int(300))
      scheduleReaders(world, key, 4)
    })
    // Other keys evict it from a small memory.
    withRandomKey(world, (key) => scheduleReaders(world, key, 3))
  },

  openRegion(world: World): void {
    const { swarm, random } = world
    const closed = regions.filter((region) => !swarm.regions.includes(region))
    if (closed.length === 0 || swarm.regions.length > 3) return
    const region = random.one(closed)
    swarm.regions.push(region)
    const isolate = world.startIsolate(region, random.one(swarm.fencesPerRegion))
    withRandomKey(world, (key) => {
      for (let reads = 4; reads > 0; reads--) verifyLater(world, isolate, key, random.int(4_000))
    })
  },

  /** A deployment with another number of fences reaches the isolates one by one. */
  changeFences(world: World): void {
    const count = 1 + world.random.int(3)
    const { fencesPerRegion } = world.swarm
    if (!fencesPerRegion.includes(count)) fencesPerRegion.push(count)
    for (const [at, isolate] of world.isolates.entries()) {
      if (world.random.is(0.6)) world.isolates[at] = world.replacementOf(isolate, count)
    }
  },
}

/** Calls on these links are answered late for a random time below `maxMs`. */
export function congest(world: World, links: readonly Link[], maxMs: number): void {
  const until = world.scheduler.now + world.random.int(maxMs)
  for (const link of links) link.congestedUntil = until
}

function fenceLinks(world: World, region: string): Link[] {
  return [world.linkOf(region, 'ask'), world.linkOf(region, 'raise')]
}

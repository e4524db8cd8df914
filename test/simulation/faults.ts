// Steps in which machines and stores misbehave, and deployments change under way.

import { regions } from '../../src/coherence/regions.ts'
import { anywhere, changeOf, readers, readersWithin, withKey } from './actors.ts'
import { askLater } from './managers.ts'
import type { Link } from './network.ts'
import { verifyLater } from './readers.ts'
import type { World } from './world.ts'

export const disasters = {
  evictIsolate(world: World): void {
    const at = world.random.int(world.isolates.length)
    const isolate = world.isolates[at]
    if (isolate === undefined) return
    for (const actor of isolate.running) actor.isAlive = false
    world.isolates[at] = world.rebuild(isolate, isolate.shards)
  },

  evictFence({ house, random }: World): void {
    for (const name of house.hosts.keys()) if (random.is(0.6)) house.evict(name)
  },

  loseStorage({ house, random }: World): void {
    const names = [...house.hosts.keys()]
    if (names.length > 0) house.loseStorage(random.one(names))
  },

  outage(world: World): void {
    const { random, links, swarm, scheduler, network } = world
    const fences = fenceLinks(world, random.one(swarm.regions))
    const down = random.one([[links.reads, links.writes], [links.writes], [links.kv], fences])
    const until = scheduler.now + random.int(random.one([500, 5_000, 30_000]))
    for (const link of down) {
      network.count(`${link.name.split(' ')[0]} outage`)
      link.downUntil = until
      link.isSilentWhenDown = random.is(0.3)
    }
  },

  /** Answers are late for a moment, while a key changes: readers come home with what was true before. */
  congestion(world: World): void {
    const { random, links, swarm, network } = world
    const bars = swarm.regions.map((region) => world.linkOf(region, 'requiredSeq'))
    const late = random.one([bars, [links.kv], [links.reads], [links.reads], [links.writes]])
    congest(world, late, 800)
    network.count(`${late[0]?.name.split(' ')[0]} congestion`)
    withKey(world, (key) => {
      readersWithin(world, key, 4, 300)
      askLater(world, anywhere(world), changeOf(world, key), random.int(300))
      readers(world, key, 4)
    })
    // Others push it out of a small memory.
    withKey(world, (key) => readers(world, key, 3))
  },

  openRegion(world: World): void {
    const { swarm, random } = world
    const closed = regions.filter((region) => !swarm.regions.includes(region))
    if (closed.length === 0 || swarm.regions.length > 3) return
    const region = random.one(closed)
    swarm.regions.push(region)
    const isolate = world.startIsolate(region, random.one(swarm.shardCounts))
    withKey(world, (key) => {
      for (let looks = 4; looks > 0; looks--) verifyLater(world, isolate, key, random.int(4_000))
    })
  },

  /** A deployment with another shard count reaches the isolates one by one. */
  changeShards(world: World): void {
    const shards = 1 + world.random.int(3)
    if (!world.swarm.shardCounts.includes(shards)) world.swarm.shardCounts.push(shards)
    for (const [at, isolate] of world.isolates.entries()) {
      if (world.random.is(0.6)) world.isolates[at] = world.rebuild(isolate, shards)
    }
  },
}

/** What is asked on these links for a while is answered late. */
export function congest(world: World, links: readonly Link[], maxMs: number): void {
  const until = world.scheduler.now + world.random.int(maxMs)
  for (const link of links) link.congestedUntil = until
}

function fenceLinks(world: World, region: string): Link[] {
  return [world.linkOf(region, 'requiredSeq'), world.linkOf(region, 'raise')]
}

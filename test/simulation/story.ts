// What happens in a world: drawn step by step, so that no two seeds are alike.
import { type Region, regions } from '../../src/coherence/regions.ts'
import { type Ask, askLater, drain } from './managers.ts'
import type { Link } from './network.ts'
import { restore } from './operator.ts'
import { verifyLater } from './readers.ts'
import {
  account,
  bringBack,
  bulk,
  changePeople,
  creators,
  issue,
  revoke,
  rotate,
  update,
} from './requests.ts'
import { noLag } from './scheduler.ts'
import type { Action } from './swarm.ts'
import { type Isolate, type KnownKey, marginMs, type World } from './world.ts'

const hour = 3_600_000

export async function tell(world: World): Promise<void> {
  const { swarm, chance } = world
  begin(world)
  for (let keys = swarm.keys; keys > 0; keys--) issueLater(world)
  await world.pause(400)
  for (const key of world.keys) {
    for (const isolate of world.isolates) {
      if (chance.is(0.6)) verifyLater(world, isolate, key, chance.int(1_000))
    }
  }
  const story = new Story(world)
  await world.pause(chance.int(2_000))
  for (let step = 0; step < swarm.steps; step++) {
    const action = chance.weighted(swarm.actions)
    world.count(`step ${action}`)
    world.trace?.('STORY', action)
    await story[action]()
    await world.pause(story.gap())
  }
}

function begin(world: World): void {
  const { swarm, d1, chance } = world
  for (const role of creators) d1.tables.members.set(`${account}/${role}`, role)
  for (const region of swarm.regions) {
    for (let count = swarm.isolatesPerRegion; count > 0; count--) {
      world.startIsolate(region, chance.one(swarm.shardCounts))
    }
  }
}

function issueLater(world: World): void {
  askLater(world, world.chance.one(world.isolates), issue(world), 0, 1)
}

class Story implements Record<Action, () => void | Promise<void>> {
  private readonly world: World
  private backup: ReturnType<World['d1']['tables']['copy']> | null = null

  constructor(world: World) {
    this.world = world
  }

  /** Time until the next step: most steps meet what the ones before them began. */
  gap(): number {
    const { chance, swarm } = this.world
    const wait = swarm.leaseMs + marginMs
    const most = chance.weighted({ 5: 3, 300: 3, [wait * 1.5]: 3, 12000: 1.5, 90000: 0.2 })
    return chance.int(Number(most))
  }

  verify(): void {
    const { chance } = this.world
    this.withKey((key) => verifyLater(this.world, this.anywhere(), key, chance.int(100)))
  }

  /** A change of one key, with readers around it. */
  change(): void {
    this.withKey((key) => {
      const { chance } = this.world
      const delay = chance.int(500)
      askLater(this.world, this.anywhere(), this.oneOf(key), delay)
      // Whoever asks just before it holds the longest lease on what was.
      for (let looks = 3; looks > 0; looks--) {
        verifyLater(this.world, this.anywhere(), key, chance.int(delay + 200))
      }
      this.readers(key, 3)
      if (this.world.chance.is(0.25)) {
        askLater(this.world, this.anywhere(), this.oneOf(key), this.world.chance.int(3_000))
      }
    })
  }

  hammer(): void {
    this.withKey((key) => this.readers(key, 6))
    // Others may push it out of a small memory meanwhile.
    this.withKey((key) => this.readers(key, 3))
  }

  create(): void {
    issueLater(this.world)
  }

  bulk(): void {
    const { chance, keys } = this.world
    const selection = chance.one([
      { by: 'ids', ids: keys.filter(() => chance.is(0.7)).map(({ id }) => id) } as const,
      { by: 'creator', createdBy: chance.one(creators) } as const,
      { by: 'externalId', externalId: chance.one(['x', 'y']) } as const,
      { by: 'account' } as const,
    ])
    this.ask(bulk(selection))
    if (chance.is(0.5)) issueLater(this.world)
    this.withKey((key) => this.readers(key, 3))
  }

  people(): void {
    const { chance } = this.world
    const userId = chance.one(creators)
    const role = chance.one(['admin', 'member', 'owner', null])
    this.ask(changePeople(chance.is(0.2) ? null : { userId, role }))
    this.withKey((key) => this.readers(key, 3))
  }

  drain(): void {
    const { world } = this
    const actor = world.newActor('drain', world.swarm.settlerLag)
    actor.mortality = world.swarm.mortality
    world.scheduler.after(0, actor, () => void drain(world))
  }

  evictIsolate(): void {
    const { world } = this
    const at = world.chance.int(world.isolates.length)
    const isolate = world.isolates[at]
    if (isolate === undefined) return
    for (const actor of isolate.running) actor.isAlive = false
    world.isolates[at] = world.rebuild(isolate, isolate.shards)
  }

  evictFence(): void {
    const { house, chance } = this.world
    for (const name of house.hosts.keys()) if (chance.is(0.6)) house.evict(name)
  }

  loseStorage(): void {
    const { house, chance } = this.world
    const names = [...house.hosts.keys()]
    if (names.length > 0) house.loseStorage(chance.one(names))
  }

  outage(): void {
    const { chance, links, swarm, scheduler } = this.world
    const fences = this.world.linksOf(chance.one(swarm.regions))
    const down = chance.one([[links.reads, links.writes], [links.writes], [links.kv], fences])
    const until = scheduler.now + chance.int(chance.one([500, 5_000, 30_000]))
    for (const link of down) {
      this.world.network.count(`${link.name.split(' ')[0]} outage`)
      link.downUntil = until
      link.isSilentWhenDown = chance.is(0.3)
    }
  }

  /** Answers are late for a moment, while a key changes: readers come home with what was true before. */
  congestion(): void {
    const { chance, links, swarm, network } = this.world
    const bars = swarm.regions.map((region) => this.world.linkOf(region, 'bar'))
    const late = chance.one([bars, [links.kv], [links.reads], [links.reads], [links.writes]])
    this.congest(late, 800)
    network.count(`${late[0]?.name.split(' ')[0]} congestion`)
    this.withKey((key) => {
      for (let looks = 4; looks > 0; looks--) {
        verifyLater(this.world, this.anywhere(), key, chance.int(300))
      }
      askLater(this.world, this.anywhere(), this.oneOf(key), chance.int(300))
      this.readers(key, 4)
    })
    // Others push it out of a small memory.
    this.withKey((key) => this.readers(key, 3))
  }

  private congest(late: readonly Link[], mostMs: number): void {
    const until = this.world.scheduler.now + this.world.chance.int(mostMs)
    for (const link of late) link.congestedUntil = until
  }

  openRegion(): void {
    const { swarm, chance } = this.world
    const closed = regions.filter((region) => !swarm.regions.includes(region))
    if (closed.length === 0 || swarm.regions.length > 3) return
    const region: Region = chance.one(closed)
    swarm.regions.push(region)
    const isolate = this.world.startIsolate(region, chance.one(swarm.shardCounts))
    this.withKey((key) => {
      for (let looks = 4; looks > 0; looks--) {
        verifyLater(this.world, isolate, key, chance.int(4_000))
      }
    })
  }

  /** A deployment with another shard count reaches the isolates one by one. */
  changeShards(): void {
    const { world } = this
    const shards = 1 + world.chance.int(3)
    if (!world.swarm.shardCounts.includes(shards)) world.swarm.shardCounts.push(shards)
    for (const [at, isolate] of world.isolates.entries()) {
      if (world.chance.is(0.6)) world.isolates[at] = world.rebuild(isolate, shards)
    }
  }

  /** The first time a backup is made, the second time it is brought back. */
  async restore(): Promise<void> {
    const { world } = this
    const { backup } = this
    if (backup === null) {
      this.backup = world.d1.tables.copy()
      return
    }
    if (world.isStopped) return
    const actor = world.newActor('operator', noLag)
    world.scheduler.after(0, actor, async () => {
      // A fence may be registering just then.
      await restore(world, backup, () => {
        this.congest([world.links.writes], 4_000)
        this[world.chance.one(['openRegion', 'loseStorage'] as const)]()
      })
      for (const key of world.keys) {
        this.readers(key, 3)
        if (world.chance.is(0.3)) this.ask(this.oneOf(key))
        const isLost = !world.d1.tables.keys.has(key.digest)
        if (isLost && world.chance.is(0.5)) this.ask(bringBack(world, key))
      }
    })
    // Readers go on all the while.
    this.withKey((key) => this.readers(key, 6))
  }

  /** Nothing happens until a fence is about to be woken by its alarm. */
  async nextAlarm(): Promise<void> {
    const { world } = this
    for (let times = 1 + world.chance.int(3); times > 0; times--) {
      const time = world.house.nextAlarm()
      if (time === null) return
      await world.pause(Math.max(0, time - world.scheduler.now - world.chance.int(60)))
      if (times > 1) await world.pause(12_000)
    }
    this.withKey((key) => {
      this.readers(key, 3)
      if (world.chance.is(0.6)) this.ask(this.oneOf(key))
    })
  }

  /** Days of use: floors grow old, and no fence is idle for long enough to retire. */
  async longUse(): Promise<void> {
    const { world } = this
    for (let days = 9; days > 0; days--) {
      await world.pause(24 * hour - world.chance.int(hour))
      for (const isolate of world.isolates) {
        this.withKey((key) => verifyLater(world, isolate, key, world.chance.int(1_000)))
      }
    }
  }

  private ask(ask: Ask): void {
    askLater(this.world, this.anywhere(), ask, this.world.chance.int(500))
  }

  private oneOf(key: KnownKey): Ask {
    const { chance, scheduler } = this.world
    const kind = chance.weighted({ able: 6, scopes: 4, expiry: 1, rotate: 1, revoke: 2 })
    switch (kind) {
      case 'able':
        return update(key, { disabled: chance.is(0.5) })
      case 'scopes':
        return update(key, { scopes: chance.one([null, [], ['contacts:read']]) })
      case 'expiry':
        return update(key, { expiresAt: chance.one([null, scheduler.now + chance.int(9_000)]) })
      case 'rotate':
        return rotate(key, chance.one([0, 5_000]))
      case 'revoke':
        return revoke(key)
    }
  }

  /** Readers of a key while a change of it may come into force. */
  private readers(key: KnownKey, count: number): void {
    const { chance, swarm } = this.world
    const most = chance.one([Math.min(5_000, swarm.leaseMs) + marginMs + 500, 6_000])
    for (let left = count; left > 0; left--) {
      verifyLater(this.world, this.anywhere(), key, chance.int(most))
    }
  }

  private anywhere(): Isolate {
    return this.world.chance.one(this.world.isolates)
  }

  private withKey(run: (key: KnownKey) => void): void {
    const { keys, chance } = this.world
    // The latest are those that still change.
    const recent = keys.slice(-3)
    if (keys.length > 0) run(chance.one(chance.is(0.7) ? recent : keys))
  }
}

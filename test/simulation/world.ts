// One world: its machines, its stores, the keys that clients know, and the first broken rule.
import { type AllFences, createAllFences, createNearestFence } from '../../src/coherence/fences.ts'
import { fenceName, type Region } from '../../src/coherence/regions.ts'
import { defaultMarginMs } from '../../src/coherence/settle.ts'
import { FenceView } from '../../src/coherence/view.ts'
import type { LookUpStores } from '../../src/keys/look-up.ts'
import { createKeyCache } from '../../src/storage/key-cache.ts'
import { createMemory } from '../../src/storage/memory.ts'
import { BaseWorld } from './base-world.ts'
import { D1 } from './d1.ts'
import { FenceHost } from './fence-host.ts'
import { History } from './history.ts'
import { Kv } from './kv.ts'
import type { Link } from './network.ts'
import { createRandom } from './random.ts'
import { type Actor, type Lag, noLag } from './scheduler.ts'
import { drawSwarm, type Swarm } from './swarm.ts'
import { Tables } from './tables.ts'

export type Isolate = {
  name: string
  region: Region
  fence: string
  fencesPerRegion: number
  skew: number
  stores: LookUpStores
  running: Actor[]
}

/** A key as clients know it. */
export type KnownKey = { id: string; token: string; digest: string; accountId: string }

/** A present-day clock, so that sequences look like those of a real deployment. */
const startTime = Date.UTC(2026, 10, 1)

export const marginMs = defaultMarginMs

export class World extends BaseWorld {
  readonly swarm: Swarm
  readonly history = new History()
  readonly d1: D1
  readonly kv: Kv
  readonly fenceHost: FenceHost
  readonly allFences: AllFences
  readonly isolates: Isolate[] = []
  readonly keys: KnownKey[] = []
  readonly links: { reads: Link; writes: Link; kv: Link }
  /** True while D1 is being restored. */
  areChangesStopped = false
  readonly changers = new Set<Actor>()
  ids = 0
  /** The state that a restore brings back. */
  backup: ReturnType<Tables['copy']> | null = null
  private readonly fenceLinks = new Map<string, Link>()
  private actorCount = 0
  private isolateCount = 0

  constructor(seed: number, lines: string[] | null) {
    const random = createRandom(seed)
    const swarm = drawSwarm(random)
    super(random, startTime, swarm.usualDelay, lines)
    this.swarm = swarm
    const { faultRates, skew } = swarm
    this.links = {
      reads: this.network.link('D1 read', 2_000, faultRates.reads),
      writes: this.network.link('D1 write', 10_000, faultRates.writes),
      kv: this.network.link('KV', 500, faultRates.kv),
    }
    const tables = new Tables(this.history, swarm.maxSingleRaises, swarm.perBatch)
    this.d1 = new D1(tables, this.scheduler, this.network, this.links, this.newSkew(skew))
    this.kv = new Kv(this.network, random, this.links.kv, swarm.staleness)
    this.fenceHost = new FenceHost(this.scheduler, this.network, this.d1, {
      newSkew: () => this.newSkew(skew),
      linkOf: this.linkOf,
      maxTold: swarm.maxTold,
      oldVersion: swarm.oldVersion,
      isRandom: random.is,
    })
    this.allFences = createAllFences(this.fenceHost.namespace)
  }

  /** As in src/worker/context.ts. */
  readonly sleep = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms))

  private newSkew(maxMs: number): number {
    return maxMs === 0 ? 0 : this.random.int(2 * maxMs + 1) - maxMs
  }

  readonly linkOf = (region: string, kind: 'ask' | 'raise'): Link => {
    const name = `fence ${region} ${kind}`
    const present = this.fenceLinks.get(name)
    if (present !== undefined) return present
    // Longer than the 500 ms timeout of a read, shorter than the 5 s timeout of a raise.
    const timeoutMs = kind === 'ask' ? 800 : 3_000
    const link = this.network.link(name, timeoutMs, this.swarm.faultRates[kind])
    this.fenceLinks.set(name, link)
    return link
  }

  /** A new isolate with an empty memory. */
  startIsolate(region: Region, fencesPerRegion: number): Isolate {
    const isolate = this.newIsolate(region, fencesPerRegion)
    this.isolates.push(isolate)
    return isolate
  }

  /** Another isolate that asks the same fence. */
  startBeside({ region, fencesPerRegion, fence }: Isolate): Isolate {
    const isolate = this.newIsolate(region, fencesPerRegion, fence)
    this.isolates.push(isolate)
    return isolate
  }

  /** The successor of an isolate; requests of the old one may still be running. */
  replacementOf({ region }: Isolate, fencesPerRegion: number): Isolate {
    return this.newIsolate(region, fencesPerRegion)
  }

  private newIsolate(
    region: Region,
    fencesPerRegion: number,
    fence = fenceName(region, this.random.int(fencesPerRegion), fencesPerRegion),
  ): Isolate {
    return {
      name: `${region}#${++this.isolateCount}`,
      region,
      fence,
      fencesPerRegion,
      skew: this.newSkew(this.swarm.skew),
      stores: this.storesFor(fence),
      running: [],
    }
  }

  /** An isolate may serve a request whose nearest fence is that of another region. */
  storesElsewhere({ stores, fencesPerRegion }: Isolate): LookUpStores {
    const region = this.random.one(this.swarm.regions)
    const fence = fenceName(region, this.random.int(fencesPerRegion), fencesPerRegion)
    return { ...stores, fence: createNearestFence(this.fenceHost.namespace, fence) }
  }

  private storesFor(fence: string): LookUpStores {
    return {
      memory: createMemory(this.swarm.memoryBytes),
      view: new FenceView(this.swarm.maxFloors),
      fence: createNearestFence(this.fenceHost.namespace, fence),
      cache: createKeyCache(this.kv.namespace),
      keys: this.d1.reader,
    }
  }

  /** An actor on a machine of its own, or in an isolate. */
  newActor(kind: string, lag: Lag, isolate?: Isolate): Actor {
    const actor: Actor = {
      name: `${kind}${++this.actorCount}${isolate === undefined ? '' : `@${isolate.name}`}`,
      skew: isolate === undefined ? this.newSkew(this.swarm.skew) : isolate.skew,
      lag,
      crashProbability: isolate === undefined ? 0 : this.swarm.crashProbability,
      isAlive: true,
      clockMs: 0,
      calls: 0,
    }
    isolate?.running.push(actor)
    return actor
  }

  /** From now on nothing fails; messages in flight still arrive. */
  stopFaults(): void {
    this.network.stopFaults()
    this.kv.stopFaults()
    this.fenceHost.options.oldVersion = 0
    this.swarm.crashProbability = 0
    for (const { running } of this.isolates) for (const actor of running) actor.crashProbability = 0
  }

  /** Runs the script as an actor with a correct clock. */
  run(script: () => Promise<void>): void {
    const actor = this.newActor('script', noLag)
    actor.skew = 0
    this.startScript(actor, script)
    this.runScripts()
  }
}

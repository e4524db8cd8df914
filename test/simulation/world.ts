// One world: its machines, its stores, the keys that its clients know of, and what went wrong.

import { type AllFences, createAllFences, createNearestFence } from '../../src/coherence/fences.ts'
import type { Region } from '../../src/coherence/regions.ts'
import { defaultMarginMs } from '../../src/coherence/settle.ts'
import type { LookUpStores } from '../../src/keys/look-up.ts'
import { createKeyCache } from '../../src/storage/key-cache.ts'
import { createMemory } from '../../src/storage/memory.ts'
import { D1 } from './d1.ts'
import { FenceHost } from './fence-host.ts'
import { History } from './history.ts'
import { Kv } from './kv.ts'
import { type Link, Network, type Trace } from './network.ts'
import { drain, enter } from './platform.ts'
import { createRandom, type Random } from './random.ts'
import { type Actor, type Lag, noLag, Scheduler } from './scheduler.ts'
import { drawSwarm, type Swarm } from './swarm.ts'
import { Tables } from './tables.ts'

export type Isolate = {
  name: string
  region: Region
  shards: number
  skew: number
  stores: LookUpStores
  running: Actor[]
}

/** A key as clients know it. */
export type KnownKey = { id: string; token: string; digest: string; accountId: string }

/** A history that is longer has gone wrong. */
const maxEvents = 60_000

/** The beginning of time: a clock as it is today, so that sequences look like those of a real house. */
const beginning = Date.UTC(2026, 10, 1)

export class World {
  readonly random: Random
  readonly swarm: Swarm
  readonly scheduler: Scheduler
  readonly network: Network
  readonly history = new History()
  readonly d1: D1
  readonly kv: Kv
  readonly house: FenceHost
  readonly allFences: AllFences
  readonly isolates: Isolate[] = []
  readonly keys: KnownKey[] = []
  readonly counts: Record<string, number> = {}
  readonly links: { reads: Link; writes: Link; kv: Link }
  /** While D1 is taken back to an earlier time nobody may change anything. */
  isStopped = false
  readonly changers = new Set<Actor>()
  ids = 0
  /** What D1 is taken back to by a restore. */
  backup: ReturnType<Tables['copy']> | null = null
  violation: string | null = null
  readonly trace: Trace | null
  private readonly regionLinks = new Map<string, Link>()
  private named = 0
  private started = 0

  constructor(seed: number, lines: string[] | null) {
    const random = createRandom(seed)
    this.random = random
    this.swarm = drawSwarm(random)
    const { weather, skew } = this.swarm
    this.scheduler = new Scheduler(random, drain, beginning)
    enter(this.scheduler)
    this.trace = lines && ((...told) => lines.push(lineOf(this.scheduler.now - beginning, told)))
    this.network = new Network(this.scheduler, random, this.swarm.usualDelay, this.trace)
    this.links = {
      reads: this.network.link('D1 read', 2_000, weather.reads),
      writes: this.network.link('D1 write', 10_000, weather.writes),
      kv: this.network.link('KV', 500, weather.kv),
    }
    const tables = new Tables(this.history, this.swarm.maxSingleRaises)
    this.d1 = new D1(tables, this.scheduler, this.network, this.links, this.newSkew(skew))
    this.kv = new Kv(this.network, random, this.links.kv, this.swarm.staleness)
    this.house = new FenceHost(this.scheduler, this.network, this.d1, {
      newSkew: () => this.newSkew(skew),
      linkOf: this.linkOf,
      foreign: this.swarm.foreign,
      isRandom: random.is,
    })
    this.allFences = createAllFences(this.house.namespace)
  }

  /** As in src/worker/context.ts. */
  readonly sleep = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms))

  private newSkew(most: number): number {
    return most === 0 ? 0 : this.random.int(2 * most + 1) - most
  }

  readonly linkOf = (region: string, kind: 'requiredSeq' | 'raise'): Link => {
    const name = `fence ${region} ${kind}`
    const present = this.regionLinks.get(name)
    if (present !== undefined) return present
    // Longer than the 500 ms of a question, shorter than the 5 s of a raise.
    const link = this.network.link(
      name,
      kind === 'requiredSeq' ? 800 : 3_000,
      this.swarm.weather[kind],
    )
    this.regionLinks.set(name, link)
    return link
  }

  /** A new isolate, with nothing in its memory. */
  startIsolate(region: Region, shards: number): Isolate {
    const isolate = this.newIsolate(region, shards)
    this.isolates.push(isolate)
    return isolate
  }

  /** The isolate that comes after one that is gone; requests of the old one may still be running. */
  rebuild({ region }: Isolate, shards: number): Isolate {
    return this.newIsolate(region, shards)
  }

  private newIsolate(region: Region, shards: number): Isolate {
    return {
      name: `${region}#${++this.started}`,
      region,
      shards,
      skew: this.newSkew(this.swarm.skew),
      stores: this.storesFor(region, shards),
      running: [],
    }
  }

  /** One isolate may serve requests that come from nearer to another fence. */
  storesElsewhere({ stores, shards }: Isolate): LookUpStores {
    const region = this.random.one(this.swarm.regions)
    return { ...stores, fence: createNearestFence(this.house.namespace, { region, shards }) }
  }

  private storesFor(region: Region, shards: number): LookUpStores {
    return {
      memory: createMemory(this.swarm.memoryCapacity),
      fence: createNearestFence(this.house.namespace, { region, shards }),
      cache: createKeyCache(this.kv.namespace),
      keys: this.d1.reader,
    }
  }

  /** Somebody new who acts, on a machine of their own or in an isolate. */
  newActor(kind: string, lag: Lag, isolate?: Isolate): Actor {
    const actor: Actor = {
      name: `${kind}${++this.named}${isolate === undefined ? '' : `@${isolate.name}`}`,
      skew: isolate === undefined ? this.newSkew(this.swarm.skew) : isolate.skew,
      lag,
      mortality: isolate === undefined ? 0 : this.swarm.mortality,
      isAlive: true,
      shown: 0,
      calls: 0,
    }
    isolate?.running.push(actor)
    return actor
  }

  /** Nothing fails any more; what is on its way still arrives. */
  stopFaults(): void {
    this.network.calmDown()
    this.kv.becomeHonest()
    this.house.options.foreign = 0
    this.swarm.mortality = 0
    for (const { running } of this.isolates) for (const actor of running) actor.mortality = 0
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  /** Ends the history: something was seen that must never be. */
  fail(rule: string, detail: string): void {
    this.violation ??= `${rule}: ${detail}`
    this.trace?.('JUDGE', 'VIOLATION', this.violation)
  }

  /** Waits, as an actor that does nothing else. */
  pause(ms: number): Promise<void> {
    const { current } = this.scheduler
    return new Promise((wake) => this.scheduler.after(ms, current, wake))
  }

  /** Lets all happen until the script has come to its end, or something is wrong. */
  run(script: () => Promise<void>): void {
    const actor = this.newActor('script', noLag)
    actor.skew = 0
    let isOver = false
    this.scheduler.after(0, actor, () => {
      script().then(
        () => {
          isOver = true
        },
        (error) => this.fail('the script goes on', describe(error)),
      )
    })
    while (!isOver && this.violation === null) {
      if (!this.scheduler.step()) this.fail('everything ends', 'somebody waits for ever')
      if (this.scheduler.events > maxEvents) this.fail('everything ends', 'it goes on and on')
    }
  }
}

export const marginMs = defaultMarginMs

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`
}

function lineOf(time: number, [actor, operation, ...values]: Parameters<Trace>): string {
  const shown = values.map(show).filter((text) => text !== '')
  return `${time.toFixed(0).padStart(9)}  ${actor.padEnd(18)} ${operation} ${shown.join(' ')}`
}

const long = /\b([0-9a-f]{6})[0-9a-f]{58}\b/g

function show(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replace(long, '$1').slice(0, 400)
}

// The state of an isolate: its configuration, its clock and its caches.

import { fenceName, nearestRegion, type Region } from '../coherence/regions.ts'
import type { Clock } from '../coherence/settle.ts'
import { FenceView } from '../coherence/view.ts'
import type { Config } from '../core/config.ts'
import { environmentOf } from '../core/environment.ts'
import { importTagKeys } from '../core/token.ts'
import { createPeopleMemory, type PeopleMemory } from '../identity/settings.ts'
import type { FastMeters } from '../limits/fast-meters.ts'
import { createOutageLog, type ReportOutage } from '../log.ts'
import { createMemory, type Memory } from '../storage/memory.ts'
import { UsageCounter } from '../usage/counter.ts'

export type Isolate = {
  config: Config<Env>
  clock: Clock
  memory: Memory
  view: FenceView
  /** The region in which its first request met this isolate. `cf` of the others is not even parsed. */
  region(from: { readonly cf?: unknown }): Region
  /** The fence of that region that this isolate asks. */
  fenceName(from: { readonly cf?: unknown }, fencesPerRegion: number): string
  people: PeopleMemory
  usage: UsageCounter
  /** Meter → the last period in which its low credits were notified. */
  lowCreditsNotified: Map<string, string>
  /** What this isolate knows of the meters of fast limits, from the first use of one. */
  fastMeters?: FastMeters
  reportOutage: ReportOutage
  tagKeys(secrets: string): Promise<readonly CryptoKey[]>
}

export type WaitUntil = (work: Promise<unknown>) => void

export function createIsolate(config: Config<Env>, clock: Clock): Isolate {
  let region: Region | null = null
  let fence: string | null = null
  let imported: { secrets: string; keys: CryptoKey[] } | null = null
  return {
    config,
    clock,
    memory: createMemory(),
    view: new FenceView(),
    // `cf` locates clients, who may be near two regions: an isolate that changed between them would learn everything anew.
    region(from) {
      region ??= nearestRegion(from.cf)
      return region
    },
    fenceName(from, fencesPerRegion) {
      const draw = () => Math.floor(Math.random() * fencesPerRegion)
      fence ??= fenceName(this.region(from), draw(), fencesPerRegion)
      return fence
    },
    people: createPeopleMemory(clock.now),
    usage: new UsageCounter({
      ...clock,
      newId: () => crypto.randomUUID(),
      environmentOf: (format) => environmentOf(format, config),
    }),
    lowCreditsNotified: new Map(),
    reportOutage: createOutageLog(clock.now),
    async tagKeys(secrets) {
      // workerd does not let a request await the promise of another one: the keys are kept instead.
      if (imported?.secrets !== secrets) imported = { secrets, keys: await importTagKeys(secrets) }
      return imported.keys
    },
  }
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
}

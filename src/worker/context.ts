// The state of an isolate: its configuration, its clock and its caches.
import type { Clock } from '../coherence/settle.ts'
import type { Config } from '../core/config.ts'
import { importTagKeys } from '../core/token.ts'
import { createPeopleMemory, type PeopleMemory } from '../identity/settings.ts'
import { createOutageLog, type ReportOutage } from '../log.ts'
import { createMemory, type Memory } from '../storage/memory.ts'
import { UsageCounter } from '../usage/counter.ts'

export type Isolate = {
  config: Config<Env>
  clock: Clock
  memory: Memory
  people: PeopleMemory
  usage: UsageCounter
  /** Meter → the last period in which its low credits were notified. */
  lowCreditsNotified: Map<string, string>
  reportOutage: ReportOutage
  tagKeys(secrets: string): Promise<readonly CryptoKey[]>
}

export type WaitUntil = (work: Promise<unknown>) => void

export function createIsolate(config: Config<Env>, clock: Clock): Isolate {
  let imported: { secrets: string; keys: CryptoKey[] } | null = null
  return {
    config,
    clock,
    memory: createMemory(),
    people: createPeopleMemory(clock.now),
    usage: new UsageCounter({ ...clock, newId: () => crypto.randomUUID() }),
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

// What lives as long as an isolate: its configuration, its clock and what it remembers between requests.
import type { Clock } from '../coherence/settle.ts'
import type { Config } from '../core/config.ts'
import { createOutageLog, type ReportOutage } from '../core/log.ts'
import { importTagKeys } from '../core/token.ts'
import { createMemory, type Memory } from '../storage/memory.ts'
import { UsageCounter } from '../usage/counter.ts'

/** What lives as long as the isolate. */
export type Isolate = {
  config: Config<Env>
  clock: Clock
  memory: Memory
  usage: UsageCounter
  /** Meter → the period in which it was told that its credits are low. */
  toldLow: Map<string, string>
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
    usage: new UsageCounter({ ...clock, newId: () => crypto.randomUUID() }),
    toldLow: new Map(),
    reportOutage: createOutageLog(clock.now),
    async tagKeys(secrets) {
      // The keys are kept, not their promise: one request must not wait for another's.
      if (imported?.secrets !== secrets) imported = { secrets, keys: await importTagKeys(secrets) }
      return imported.keys
    },
  }
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
}

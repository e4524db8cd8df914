// One soak: traffic to the real Worker while its stores fail.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '../../test/simulation/random.ts'
import { bundle } from './build.ts'
import { addCounts, type FaultCounts, type ObjectName } from './commands.ts'
import { runFinalChecks } from './final-checks.ts'
import type { Mutant } from './mutants.ts'
import { type Disturbance, drawSchedule, type Schedule } from './schedule.ts'
import { type Bucket, createTimeSeries, type TimeSeries } from './time-series.ts'
import { createTraffic, type Traffic } from './traffic.ts'
import {
  fences,
  isolateCount,
  requestLogOf,
  startWorkerd,
  usageObjects,
  type Workerd,
} from './workerd.ts'

export type SoakOptions = {
  seed: number
  minutes: number
  /** Verifications a second of all clients. */
  rate: number
  restartMinutes: number
  /** The soak ends with the first violation that kills it. */
  mutant?: Mutant
}

export type SoakResult = SoakOptions & {
  violations: string[]
  buckets: Bucket[]
  injected: FaultCounts
  disturbances: Record<Disturbance['kind'], number>
  keys: number
  auditRows: number
  /** Requests that the usage objects have of the keys that were left at the end. */
  counted: number
}

const maxViolations = 50

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-soak-'))
  const workerd = await startWorkerd(folder, await bundle(folder, options.mutant?.patches))
  try {
    return await run(workerd, options)
  } finally {
    await workerd.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run(workerd: Workerd, options: SoakOptions): Promise<SoakResult> {
  const { seed, rate, mutant } = options
  const lengthMs = options.minutes * 60_000
  const violations: string[] = []
  const series = createTimeSeries(Math.max(2_000, lengthMs / 300), workerd.residentMegabytes)
  const stopwatch = createStopwatch(lengthMs)
  const violation = (what: string) => {
    if (violations.length < maxViolations) violations.push(what)
    if (violations.length === 1) console.log(`Violation: ${what}`)
    if (mutant?.violation.test(what)) stopwatch.stop()
  }
  const restarts = createRestarts(workerd)
  const sink = { ...series, violation, restartedSince: restarts.restartedSince }
  const traffic = createTraffic(workerd, sink, seed)
  const schedule = drawSchedule(seed, {
    isolates: isolateCount,
    lengthMs,
    restartMs: options.restartMinutes * 60_000,
    ...(mutant?.faulty && { faulty: mutant.faulty }),
  })
  const clients = traffic.start(rate)
  const names = createNames(workerd, traffic, seed)
  const faults = play(workerd, schedule, stopwatch, series, restarts, names)
  await stopwatch.over
  const { disturbances, injected } = await faults
  await workerd.sendAll({ command: 'faults', faults: {}, seed })
  traffic.end()
  await clients
  const { auditRows, counted } = await runFinalChecks(workerd, traffic, violation)
  series.end()
  const keys = traffic.keys.length + traffic.dropped.length
  const { buckets } = series
  return { ...options, violations, buckets, injected, disturbances, keys, auditRows, counted }
}

type Stopwatch = ReturnType<typeof createStopwatch>

function createStopwatch(lengthMs: number) {
  const beganMs = performance.now()
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, lengthMs)
  let isOver = false
  over.then(() => {
    isOver = true
  })
  return {
    over,
    stop() {
      clearTimeout(timer)
      resolve()
    },
    isOver: () => isOver,
    /** Sleeps until a time since the start, or until the end. */
    until: (atMs: number) =>
      Promise.race([
        over,
        new Promise<void>((wake) =>
          setTimeout(wake, Math.max(0, beganMs + atMs - performance.now())).unref(),
        ),
      ]),
  }
}

function createRestarts(workerd: Workerd) {
  let lastEndMs = Number.NEGATIVE_INFINITY
  let isUnderWay = false
  return {
    restartedSince: (ms: number) => isUnderWay || lastEndMs >= ms,
    async restart(): Promise<void> {
      isUnderWay = true
      await workerd.restart()
      // Older connections may still fail for a moment.
      lastEndMs = performance.now() + 1_000
      isUnderWay = false
    },
  }
}

/** Draws an object of a class; null: there is none yet. */
function createNames(workerd: Workerd, { keys }: Traffic, seed: number) {
  const random = createRandom(seed)
  return (object: ObjectName): string | null => {
    switch (object) {
      case 'FENCE':
        return random.one(fences)
      case 'METER': {
        const limited = keys.slice(-30).filter(({ credits }) => credits !== null)
        return limited.length === 0 ? null : `key/${random.one(limited).id}`
      }
      case 'USAGE_COUNTS':
        return random.one(usageObjects())
      case 'REQUEST_LOG':
        return requestLogOf(workerd.owner.account)
    }
  }
}

/** Plays the schedule. Commands to a Worker that is being restarted are dropped. */
async function play(
  workerd: Workerd,
  schedule: Schedule,
  stopwatch: Stopwatch,
  series: TimeSeries,
  restarts: ReturnType<typeof createRestarts>,
  nameOf: (object: ObjectName) => string | null,
) {
  const injected: FaultCounts = {}
  const disturbances = { recycle: 0, evict: 0, reconcile: 0, restart: 0 }
  const collect = async () => addCounts(injected, await workerd.injectedFaults().catch(() => ({})))

  async function disturb(disturbance: Disturbance): Promise<void> {
    series.mark(disturbance.kind)
    disturbances[disturbance.kind]++
    if (disturbance.kind === 'restart') {
      await collect()
      return restarts.restart()
    }
    if (disturbance.kind === 'evict') {
      const { object } = disturbance
      const name = nameOf(object)
      if (name !== null) await workerd.send(0, { command: 'evict', object, name }).catch(() => {})
      return
    }
    await workerd.send(disturbance.isolate, { command: disturbance.kind }).catch(() => {})
  }

  const episodes = (async () => {
    for (const [nth, { atMs, untilMs, isolates, faults }] of schedule.episodes.entries()) {
      await stopwatch.until(atMs)
      if (stopwatch.isOver()) return
      for (const [store, fault] of Object.entries(faults)) series.mark(`${store} ${fault.kind}`)
      const command = { command: 'faults', faults, seed: nth } as const
      await Promise.all(isolates.map((isolate) => workerd.send(isolate, command).catch(() => {})))
      await stopwatch.until(untilMs)
      await workerd.sendAll({ command: 'faults', faults: {}, seed: nth }).catch(() => {})
    }
  })()
  for (const disturbance of schedule.disturbances) {
    await stopwatch.until(disturbance.atMs)
    if (stopwatch.isOver()) break
    await disturb(disturbance)
  }
  await stopwatch.over
  await episodes
  await collect()
  return { injected, disturbances }
}

// One soak: traffic against the real Worker for some time while its stores fail.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from './build.ts'
import { type Bucket, type Curves, createCurves } from './curves.ts'
import { checkEnding } from './ending.ts'
import type { Mistake } from './mistakes.ts'
import type { Strikes } from './orders.ts'
import { type Blow, type Episode, planOf } from './schedule.ts'
import { createTraffic } from './traffic.ts'
import { fences, isolateCount, startWorkerd, type Workerd } from './workerd.ts'

export type SoakOptions = {
  seed: number
  minutes: number
  /** Verifications a second, of all clients. */
  rate: number
  restartMinutes: number
  /** A mistake to be found: the soak ends with the first violation that shows it. */
  mistake?: Mistake
}

export type SoakResult = SoakOptions & {
  violations: string[]
  buckets: Bucket[]
  strikes: Strikes
  blows: Record<Blow['kind'], number>
  keys: number
  auditRows: number
}

const maxViolations = 50

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-soak-'))
  const workerd = await startWorkerd(folder, await bundle(folder, options.mistake?.patches))
  try {
    return await run(workerd, options)
  } finally {
    await workerd.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run(workerd: Workerd, options: SoakOptions): Promise<SoakResult> {
  const { seed, rate, mistake } = options
  const lengthMs = options.minutes * 60_000
  const violations: string[] = []
  const curves = createCurves(Math.max(2_000, lengthMs / 300), workerd.residentMegabytes)
  const stopwatch = createStopwatch(lengthMs)
  const violation = (what: string) => {
    if (violations.length < maxViolations) violations.push(what)
    if (violations.length === 1) console.log(`Violation: ${what}`)
    if (mistake?.foundAs.test(what)) stopwatch.stop()
  }
  const restarts = createRestarts(workerd)
  const traffic = createTraffic(
    workerd,
    { ...curves, violation, wasRestarting: restarts.since },
    seed,
  )
  const plan = planOf(seed, {
    isolates: isolateCount,
    fences,
    lengthMs,
    restartMs: options.restartMinutes * 60_000,
  })
  const clients = traffic.start(rate)
  const faults = play(workerd, plan, stopwatch, curves, restarts)
  await stopwatch.over
  const { blows, strikes } = await faults
  await workerd.tellAll({ order: 'faults', faults: {}, seed })
  traffic.end()
  await clients
  const { auditRows } = await checkEnding(workerd, traffic, violation)
  curves.end()
  const keys = traffic.keys.length + traffic.dropped.length
  return { ...options, violations, buckets: curves.buckets, strikes, blows, keys, auditRows }
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
    /** Sleeps until so long after the beginning, or until the end. */
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
    since: (ms: number) => isUnderWay || lastEndMs >= ms,
    async restart(): Promise<void> {
      isUnderWay = true
      await workerd.restart()
      // Connections of before may still fail for a moment.
      lastEndMs = performance.now() + 1_000
      isUnderWay = false
    },
  }
}

/** Makes the plan happen. Orders that meet a Worker which is being killed are dropped. */
async function play(
  workerd: Workerd,
  plan: { episodes: Episode[]; blows: Blow[] },
  stopwatch: Stopwatch,
  curves: Curves,
  restarts: ReturnType<typeof createRestarts>,
) {
  const strikes: Strikes = {}
  const blows = { recycle: 0, evict: 0, drain: 0, restart: 0 }
  const collect = async () => {
    const counted = await workerd.strikes().catch(() => ({}))
    for (const [name, count] of Object.entries(counted))
      strikes[name] = (strikes[name] ?? 0) + count
  }

  async function strike(blow: Blow): Promise<void> {
    curves.mark(blow.kind)
    blows[blow.kind]++
    if (blow.kind === 'restart') {
      await collect()
      return restarts.restart()
    }
    const { atMs: _, kind, ...rest } = blow
    const isolate = 'isolate' in rest ? rest.isolate : 0
    await workerd.tell(isolate, { order: kind, ...rest } as never).catch(() => {})
  }

  const episodes = (async () => {
    for (const [nth, { atMs, untilMs, isolates, faults }] of plan.episodes.entries()) {
      await stopwatch.until(atMs)
      if (stopwatch.isOver()) return
      for (const [store, fault] of Object.entries(faults)) curves.mark(`${store} ${fault.way}`)
      const order = { order: 'faults', faults, seed: nth } as const
      await Promise.all(isolates.map((isolate) => workerd.tell(isolate, order).catch(() => {})))
      await stopwatch.until(untilMs)
      await workerd.tellAll({ order: 'faults', faults: {}, seed: nth }).catch(() => {})
    }
  })()
  for (const blow of plan.blows) {
    await stopwatch.until(blow.atMs)
    if (stopwatch.isOver()) break
    await strike(blow)
  }
  await stopwatch.over
  await episodes
  await collect()
  return { strikes, blows }
}

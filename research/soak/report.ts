// The summary of a soak.
import { cpus } from 'node:os'
import type { SoakResult } from './soak.ts'
import type { Bucket } from './time-series.ts'

type Counted = 'verified' | 'changed'

const sum = (buckets: readonly Bucket[], of: Counted, outcome: keyof Bucket[Counted]) =>
  buckets.reduce((total, bucket) => total + bucket[of][outcome], 0)

function figures({ buckets, disturbances, injected, keys, auditRows, counted }: SoakResult) {
  const verified = (outcome: keyof Bucket['verified']) => sum(buckets, 'verified', outcome)
  const changed = (outcome: keyof Bucket['changed']) => sum(buckets, 'changed', outcome)
  return {
    passed: verified('passed'),
    refused: verified('refused'),
    unavailable: verified('503'),
    unanswered: verified('other'),
    changes: changed('passed'),
    unavailableChanges: changed('503'),
    faults: Object.values(injected).reduce((total, count) => total + count, 0),
    ...disturbances,
    keys,
    auditRows,
    counted,
    memory: memoryOf(buckets),
  }
}

/** Median resident memory in the first and last quarter of the longest period without a restart (MB). */
function memoryOf(buckets: readonly Bucket[]): { first: number; last: number; max: number } {
  const runs: number[][] = [[]]
  for (const { residentMb, marks } of buckets) {
    if (marks.includes('restart')) runs.push([])
    if (residentMb !== null) runs.at(-1)?.push(residentMb)
  }
  const longest = runs.reduce((one, other) => (other.length > one.length ? other : one))
  const quarter = Math.max(1, Math.floor(longest.length / 4))
  const median = (values: number[]) =>
    values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
  return {
    first: median(longest.slice(0, quarter)),
    last: median(longest.slice(-quarter)),
    max: Math.max(0, ...runs.flat()),
  }
}

export function describe(result: SoakResult): string {
  const all = figures(result)
  return [
    `${all.passed} verifications passed, ${all.refused} were refused, ${all.unavailable} got 503, ${all.unanswered} got no answer (workerd restarted).`,
    `${all.changes} changes succeeded, ${all.unavailableChanges} got 503; ${all.keys} keys, ${all.auditRows} audit rows, ${all.counted} requests counted.`,
    `${all.faults} faults injected; ${all.recycle} isolates recycled, ${all.evict} objects evicted, ${all.reconcile} runs of the reconciler, ${all.restart} restarts of workerd.`,
    `workerd: first ${all.memory.first.toFixed(0)} MB, last ${all.memory.last.toFixed(0)} MB, maximum ${all.memory.max.toFixed(0)} MB.`,
    `${result.violations.length} violations.`,
  ].join('\n')
}

/** Events that happened too rarely for a soak without violations to show anything. */
export function unmetMinimums(result: SoakResult): string[] {
  const all = figures(result)
  const minimums = {
    passed: 500,
    refused: 500,
    changes: 20,
    faults: 100,
    recycle: 3,
    evict: 3,
    counted: 20,
  } as const
  const perMinute = Math.min(1, result.minutes)
  return Object.entries(minimums).flatMap(([name, count]) => {
    const happened = all[name as keyof typeof minimums]
    return happened >= count * perMinute ? [] : [`${name} happened ${happened} times`]
  })
}

export function summary(result: SoakResult): string {
  const all = figures(result)
  const rows: [string, string | number][] = [
    [
      'command',
      `\`npx node research/soak/run.ts --minutes ${result.minutes} --seed ${result.seed} --rate ${result.rate} --restart-minutes ${result.restartMinutes}\``,
    ],
    [
      'when, where',
      `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}`,
    ],
    ['verifications that passed', all.passed],
    ['refused with 401 or 429', all.refused],
    ['answered with 503', all.unavailable],
    ['not answered while workerd restarted', all.unanswered],
    ['changes that succeeded', all.changes],
    ['changes answered with 503 (repeated until they were in force)', all.unavailableChanges],
    ['keys created, audit rows', `${all.keys}, ${all.auditRows}`],
    ['requests counted, of the keys that were left at the end', all.counted],
    ['faults injected', injectedIn(result)],
    [
      'isolates recycled, objects evicted, runs of the reconciler, restarts of workerd',
      `${all.recycle}, ${all.evict}, ${all.reconcile}, ${all.restart}`,
    ],
    [
      'memory of workerd in the longest period without a restart: first quarter, last quarter; maximum',
      `${all.memory.first.toFixed(0)} MB, ${all.memory.last.toFixed(0)} MB; ${all.memory.max.toFixed(0)} MB`,
    ],
    ['**violations**', `**${result.violations.length}**`],
  ]
  return ['| | |', '|---|---|', ...rows.map(([what, value]) => `| ${what} | ${value} |`)].join('\n')
}

function injectedIn({ injected }: SoakResult): string {
  const sorted = Object.entries(injected).toSorted(([one], [other]) => one.localeCompare(other))
  const total = sorted.reduce((all, [, count]) => all + count, 0)
  return `${total} (${sorted.map(([name, count]) => `${name} ${count}`).join(', ')})`
}

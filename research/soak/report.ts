// What a soak has shown, in words and figures.
import { cpus } from 'node:os'
import type { Bucket } from './curves.ts'
import type { SoakResult } from './soak.ts'

type Counted = 'verified' | 'changed'

const sum = (buckets: readonly Bucket[], of: Counted, outcome: keyof Bucket[Counted]) =>
  buckets.reduce((total, bucket) => total + bucket[of][outcome], 0)

function figures({ buckets, blows, strikes, keys, auditRows }: SoakResult) {
  const verified = (outcome: keyof Bucket['verified']) => sum(buckets, 'verified', outcome)
  const changed = (outcome: keyof Bucket['changed']) => sum(buckets, 'changed', outcome)
  return {
    passed: verified('passed'),
    refused: verified('refused'),
    unavailable: verified('503'),
    unanswered: verified('other'),
    changes: changed('passed'),
    unavailableChanges: changed('503'),
    struck: Object.values(strikes).reduce((total, count) => total + count, 0),
    ...blows,
    keys,
    auditRows,
    memory: memoryOf(buckets),
  }
}

/** Resident memory in the first and the last quarter of the longest time without a restart (MB, medians). */
function memoryOf(buckets: readonly Bucket[]): { first: number; last: number; most: number } {
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
    most: Math.max(0, ...runs.flat()),
  }
}

export function describe(result: SoakResult): string {
  const all = figures(result)
  return [
    `${all.passed} verifications passed, ${all.refused} were refused, ${all.unavailable} told 503, ${all.unanswered} not answered (workerd was killed).`,
    `${all.changes} changes were answered with success, ${all.unavailableChanges} with 503; ${all.keys} keys, ${all.auditRows} audit rows.`,
    `${all.struck} calls of stores were struck; ${all.recycle} isolates recycled, ${all.evict} fences evicted, ${all.restart} times workerd killed, ${all.drain} drains.`,
    `workerd: ${all.memory.first.toFixed(0)} MB, later ${all.memory.last.toFixed(0)} MB, at most ${all.memory.most.toFixed(0)} MB.`,
    `${result.violations.length} violations.`,
  ].join('\n')
}

/** What must have happened for a soak without violations to say anything. */
export function meaningless(result: SoakResult): string[] {
  const all = figures(result)
  const least = {
    passed: 500,
    refused: 500,
    changes: 20,
    struck: 100,
    recycle: 3,
    evict: 3,
  } as const
  const perMinute = Math.min(1, result.minutes)
  return Object.entries(least).flatMap(([name, count]) => {
    const happened = all[name as keyof typeof least]
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
    ['refused with 401', all.refused],
    ['told 503', all.unavailable],
    ['not answered, workerd being killed', all.unanswered],
    ['changes answered with success', all.changes],
    ['changes told 503 (asked again until they were in force)', all.unavailableChanges],
    ['keys made, audit rows', `${all.keys}, ${all.auditRows}`],
    ['calls of stores that were struck', strikesIn(result)],
    [
      'isolates recycled, fences evicted, drains, workerd killed',
      `${all.recycle}, ${all.evict}, ${all.drain}, ${all.restart}`,
    ],
    [
      'workerd’s memory in the longest time without a restart: first quarter, last quarter; most of all',
      `${all.memory.first.toFixed(0)} MB, ${all.memory.last.toFixed(0)} MB; ${all.memory.most.toFixed(0)} MB`,
    ],
    ['**violations**', `**${result.violations.length}**`],
  ]
  return ['| | |', '|---|---|', ...rows.map(([what, value]) => `| ${what} | ${value} |`)].join('\n')
}

function strikesIn({ strikes }: SoakResult): string {
  const sorted = Object.entries(strikes).toSorted(([one], [other]) => one.localeCompare(other))
  const total = sorted.reduce((all, [, count]) => all + count, 0)
  return `${total} (${sorted.map(([name, count]) => `${name} ${count}`).join(', ')})`
}

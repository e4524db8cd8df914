// Usage as a time series: every step of a span, empty ones included.
import { compareValues } from './group-order.ts'
import type { GroupTotal, UsageCount, UsageSpan } from './usage-calls.ts'

/** `time`: the start of the step (ms). `counts`: requests by the code that they were answered with. */
export type UsageStep = { time: number; total: number; counts: Record<string, number> }

/** A span of whole steps. */
export type UsageSteps = UsageSpan & { stepMs: number }

export const stepMs = { hour: 60 * 60 * 1000, day: 24 * 60 * 60 * 1000 } as const
export type Granularity = keyof typeof stepMs

/** The whole steps (UTC hours or days) that contain the span. */
export function spanOf(granularity: Granularity, fromMs: number, toMs: number): UsageSteps {
  const step = stepMs[granularity]
  return { from: Math.floor(fromMs / step) * step, to: Math.ceil(toMs / step) * step, stepMs: step }
}

/** The counts of hours by the steps that contain them, oldest first, codes in order. */
export function inSteps(counts: readonly UsageCount[], stepMs: number): UsageCount[] {
  const sums = new Map<string, UsageCount>()
  for (const { time: hour, code, count } of counts) {
    const time = hour - (hour % stepMs)
    const sum = sums.get(`${time} ${code}`)
    if (sum === undefined) sums.set(`${time} ${code}`, { time, code, count })
    else sum.count += count
  }
  return [...sums.values()].sort((one, other) =>
    one.time === other.time ? compareValues(one.code, other.code) : one.time - other.time,
  )
}

/** Every step of the span, oldest first; a step without requests has no counts. */
export function seriesOf(counts: readonly UsageCount[], span: UsageSteps): UsageStep[] {
  const byTime = Map.groupBy(counts, ({ time }) => time)
  const steps = Math.max(0, Math.ceil((span.to - span.from) / span.stepMs))
  return Array.from({ length: steps }, (_, at) => {
    const time = span.from + at * span.stepMs
    const inStep = byTime.get(time) ?? []
    return {
      time,
      total: inStep.reduce((sum, { count }) => sum + count, 0),
      counts: Object.fromEntries(inStep.map(({ code, count }) => [code, count])),
    }
  })
}

export function totalOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** The values with the most requests over all lists, largest first, at most `top`. */
export function largestOf(groups: readonly GroupTotal[], top: number): GroupTotal[] {
  const sums = new Map<string | null, Record<string, number>>()
  for (const { value, counts } of groups) {
    const sum = sums.get(value) ?? {}
    for (const [code, count] of Object.entries(counts)) sum[code] = (sum[code] ?? 0) + count
    sums.set(value, sum)
  }
  return [...sums]
    .map(([value, counts]) => ({ group: { value, counts }, total: totalOf(counts) }))
    .sort(
      (one, other) => other.total - one.total || compareValues(one.group.value, other.group.value),
    )
    .slice(0, top)
    .map(({ group }) => group)
}

/** The codes as groups. */
export function largestCodes(counts: Record<string, number>, top: number): GroupTotal[] {
  const groups = Object.entries(counts).map(([code, count]) => ({
    value: code,
    counts: { [code]: count },
  }))
  return largestOf(groups, top)
}

/** What counts hold beyond those of the groups. */
export function without(
  counts: Record<string, number>,
  groups: readonly GroupTotal[],
): Record<string, number> {
  const left = Object.entries(counts).map(([code, count]): [string, number] => [
    code,
    groups.reduce((rest, { counts: { [code]: of = 0 } }) => rest - of, count),
  ])
  return Object.fromEntries(left.filter(([, count]) => count > 0))
}

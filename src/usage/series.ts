// Usage as a time series: every step of a span, empty ones included.
import type { UsageCount, UsageSpan } from '../storage/usage-store.ts'

/** `time`: the start of the step (ms). `counts`: requests by the code that they were answered with. */
export type UsageStep = { time: number; total: number; counts: Record<string, number> }

export const stepMs = { hour: 60 * 60 * 1000, day: 24 * 60 * 60 * 1000 } as const
export type Granularity = keyof typeof stepMs

/** The whole steps (UTC hours or days) that contain the span. */
export function spanOf(granularity: Granularity, fromMs: number, toMs: number): UsageSpan {
  const step = stepMs[granularity]
  return { from: Math.floor(fromMs / step) * step, to: Math.ceil(toMs / step) * step, stepMs: step }
}

/** Every step of the span, oldest first; a step without requests has no counts. */
export function seriesOf(counts: readonly UsageCount[], span: UsageSpan): UsageStep[] {
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

// What reads of usage share: the span that is asked for, and how it is answered.
import { z } from '@hono/zod-openapi'
import { readTime } from '../../../core/time.ts'
import { usageLifetimeMs } from '../../../usage/bounds.ts'
import {
  type Granularity,
  seriesOf,
  spanOf,
  stepMs,
  totalOf,
  type UsageSteps,
} from '../../../usage/series.ts'
import type { UsageCount } from '../../../usage/usage-calls.ts'
import { invalidFields } from '../../response/problem.ts'
import { isoTime, time } from '../../routing/time.ts'

const defaultGranularity = 'day'
const granularities = ['hour', 'day'] as const satisfies Granularity[]
/** One more step than 31 and 400 days, because a span begins and ends within a step. */
const maxSteps = { hour: 31 * 24 + 1, day: 400 + 1 }
const stepsUnasked = { hour: 24, day: 30 }

const wrongTime = 'An RFC 3339 time such as 2027-12-31T23:59:59Z, or a date'
const when = z.string().transform((text, context) => {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const timeMs = readTime(isDate ? `${text}T00:00:00Z` : text)
  if (timeMs === null) context.addIssue(wrongTime)
  return timeMs ?? z.NEVER
})

export const usageQuery = z.object({
  from: when.optional().openapi({
    type: 'string',
    description: '30 days before `to` if left out, or 24 hours by hour',
    example: '2026-11-01T00:00:00Z',
  }),
  to: when.optional().openapi({ type: 'string', description: 'Now if left out' }),
  granularity: z
    .enum(granularities)
    .optional()
    .openapi({ description: `\`${defaultGranularity}\` if left out` }),
})

export const countsSchema = z.record(z.string(), z.int()).openapi({
  description: 'Requests by result code; codes without requests are omitted',
  example: { valid: 118, rate_limited: 4 },
})

export const usageFields = {
  granularity: z.enum(granularities),
  from: time.openapi({ description: 'The start of the first step' }),
  to: time.openapi({ description: 'The end of the last step' }),
  total: z.int(),
  counts: countsSchema,
  series: z.array(z.object({ time, total: z.int(), counts: countsSchema })).openapi({
    description: 'Every UTC step, oldest first, including those without requests',
  }),
}

export const keptText =
  'Counted after each response and aggregated within about 20 seconds; kept for 400 days. At most 31 days by hour, 400 by day. Requests with an unknown token are not counted.'

/** The steps that a query asks for. */
type AskedSpan = UsageSteps & { granularity: Granularity }

export function usageView({ granularity, ...span }: AskedSpan, read: readonly UsageCount[]) {
  const series = seriesOf(read, span).map((step) => ({ ...step, time: isoTime(step.time) }))
  const counts = countsOf(read)
  const [from, to] = [isoTime(span.from), isoTime(span.to)]
  return { granularity, from, to, total: totalOf(counts), counts, series }
}

function countsOf(read: readonly UsageCount[]): Record<string, number> {
  const byCode = Map.groupBy(read, ({ code }) => code)
  return Object.fromEntries(
    [...byCode].map(([code, of]) => [code, of.reduce((sum, { count }) => sum + count, 0)]),
  )
}

/** @throws Problem 400 for a span that is empty, too long or longer ago than usage is kept. */
export function requestedSpan(
  { granularity = defaultGranularity, from, to }: z.output<typeof usageQuery>,
  nowMs: number,
): AskedSpan {
  const step = stepMs[granularity]
  const toMs = to ?? nowMs
  const fromMs = from ?? Math.ceil(toMs / step - stepsUnasked[granularity]) * step
  if (fromMs >= toMs) throw wrong('Not before `to`')
  const span = spanOf(granularity, fromMs, toMs)
  if ((span.to - span.from) / step > maxSteps[granularity]) {
    throw wrong('At most 31 days by hour, 400 by day')
  }
  if (span.from < spanOf('day', nowMs - usageLifetimeMs, nowMs).from) {
    throw wrong('Usage is kept for 400 days')
  }
  return { ...span, granularity }
}

export function wrong(message: string) {
  return invalidFields([{ path: 'query.from', message }])
}

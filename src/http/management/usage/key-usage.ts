// GET /api/api-keys/{id}/usage: the requests of a key by result code, by hour or by day.
import { createRoute, z } from '@hono/zod-openapi'
import { readTime } from '../../../core/time.ts'
import { createUsageStore, type UsageSpan, usageLifetimeMs } from '../../../storage/usage-store.ts'
import { type Granularity, seriesOf, spanOf, stepMs } from '../../../usage/series.ts'
import { Problem } from '../../response/problem.ts'
import { idParam } from '../../routing/requests.ts'
import { failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import type { AppSettings } from '../../services.ts'
import { existing, idPath } from '../keys/keys.ts'

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

const query = z.object({
  from: when.optional().openapi({
    type: 'string',
    description: 'Default: 30 days before `to`, or 24 hours by hour',
    example: '2026-11-01T00:00:00Z',
  }),
  to: when.optional().openapi({ type: 'string', description: 'Default: now' }),
  granularity: z.enum(granularities).default('day'),
})

const counts = z.record(z.string(), z.int()).openapi({
  description: 'Requests by result code; codes without requests are omitted',
  example: { valid: 118, rate_limited: 4 },
})

const usage = z
  .object({
    granularity: z.enum(granularities),
    from: time.openapi({ description: 'The start of the first step' }),
    to: time.openapi({ description: 'The end of the last step' }),
    total: z.int(),
    counts,
    series: z.array(z.object({ time, total: z.int(), counts })).openapi({
      description: 'Every UTC step, oldest first, including those without requests',
    }),
  })
  .openapi('Usage')

const readUsage = createRoute({
  method: 'get',
  path: `${idPath}/usage`,
  operationId: 'getKeyUsage',
  tags: ['API keys'],
  security: byManager,
  summary: 'Requests of a key by result code, by hour or by day',
  description:
    'Counted after each response and aggregated within about 20 seconds; kept for 400 days. At most 31 days by hour, 400 by day. Requests with an unknown token are not counted.',
  request: { params: idParam, query },
  responses: {
    200: success('Requests by the code that they were answered with', usage),
    ...managementFailures,
    404: failure('No such key in this account'),
  },
})

export function createApiKeyUsage({ clock }: AppSettings) {
  return createRouter().openapi(readUsage, async (c) => {
    const { id } = c.req.valid('param')
    const { granularity, from, to } = c.req.valid('query')
    const span = requestedSpan(granularity, from, to, clock.now())
    await existing(c, id)
    const read = await createUsageStore(c.env.db).read(id, span)
    const series = seriesOf(read, span).map((step) => ({ ...step, time: isoTime(step.time) }))
    const byCode = Map.groupBy(read, ({ code }) => code)
    const data = {
      granularity,
      from: isoTime(span.from),
      to: isoTime(span.to),
      total: sum(read),
      counts: Object.fromEntries([...byCode].map(([code, of]) => [code, sum(of)])),
      series,
    }
    return c.json({ status: 'success' as const, data }, 200)
  })
}

function sum(counts: readonly { count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0)
}

/** @throws Problem 400 for a span that is empty, too long or longer ago than usage is kept. */
function requestedSpan(
  granularity: Granularity,
  from: number | undefined,
  to: number | undefined,
  nowMs: number,
): UsageSpan {
  const step = stepMs[granularity]
  const toMs = to ?? nowMs
  const fromMs = from ?? Math.ceil(toMs / step - stepsUnasked[granularity]) * step
  if (fromMs >= toMs) throw wrong('query.from', 'Not before `to`')
  const span = spanOf(granularity, fromMs, toMs)
  if ((span.to - span.from) / step > maxSteps[granularity]) {
    throw wrong('query.from', 'At most 31 days by hour, 400 by day')
  }
  if (span.from < spanOf('day', nowMs - usageLifetimeMs, nowMs).from) {
    throw wrong('query.from', 'Usage is kept for 400 days')
  }
  return span
}

function wrong(path: string, message: string): Problem {
  return new Problem('invalid_request', {
    detail: `${path}: ${message}`,
    errors: [{ path, message }],
  })
}

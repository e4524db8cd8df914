// Usage over a time range that ends now.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

const usage = management['api-keys'][':id'].usage

export type Usage = DataOf<typeof usage.$get>

const hourMs = 3_600_000

/** Steps are hours or days of UTC, as the Worker counts them. */
export const timeRanges = {
  '24 h': { granularity: 'hour', steps: 24, stepMs: hourMs, text: 'the last 24 hours' },
  '7 d': { granularity: 'day', steps: 7, stepMs: 24 * hourMs, text: 'the last 7 days' },
  '30 d': { granularity: 'day', steps: 30, stepMs: 24 * hourMs, text: 'the last 30 days' },
} as const
export type TimeRange = keyof typeof timeRanges

type Span = { from: string; granularity: (typeof timeRanges)[TimeRange]['granularity'] }

/** The data includes its range: while another range loads, the data of the previous one stays visible. */
export function rangeQuery(
  queryKey: readonly string[],
  range: TimeRange,
  read: (span: Span) => Promise<Usage>,
) {
  return queryOptions({
    queryKey: [...queryKey, range],
    async queryFn() {
      const { granularity, steps, stepMs } = timeRanges[range]
      const first = Math.floor(Date.now() / stepMs) - steps + 1
      const from = new Date(first * stepMs).toISOString()
      return { usage: await read({ from, granularity }), range }
    },
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}

/** Of something whose requests are counted, by time range. */
export type UsageQuery = (range: TimeRange) => ReturnType<typeof rangeQuery>

export function keyUsageQuery(id: string): UsageQuery {
  return (range) =>
    rangeQuery(['keys', 'usage', id], range, async (query) => {
      return (await answer(usage.$get({ param: { id }, query }))).data
    })
}

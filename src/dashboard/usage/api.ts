// Usage over a time range that ends now.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

const usage = management['api-keys'][':id'].usage

export type Usage = DataOf<typeof usage.$get>

const ownUsage = management.usage

/** With `groups`: of all keys, by what they share. */
export type AccountUsage = DataOf<typeof ownUsage.$get>
export type UsageGroup = NonNullable<AccountUsage['groups']>[number]

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
export function rangeQuery<Read = Usage>(
  queryKey: readonly string[],
  range: TimeRange,
  read: (span: Span) => Promise<Read>,
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
export type UsageQuery = (range: TimeRange) => ReturnType<typeof rangeQuery<Usage>>

export function keyUsageQuery(id: string): UsageQuery {
  return (range) =>
    rangeQuery(['keys', 'usage', id], range, async (query) => {
      return (await answer(usage.$get({ param: { id }, query }))).data
    })
}

/** Of all keys of the account. */
export const ownUsageQuery: UsageQuery = (range) =>
  rangeQuery(['usage'], range, async (query) => (await answer(ownUsage.$get({ query }))).data)

/** The largest first. */
export function groupsQuery(range: TimeRange, group_by: 'key' | 'external_id') {
  return rangeQuery(['usage', group_by], range, async (span) => {
    const { data } = await answer(ownUsage.$get({ query: { ...span, group_by } }))
    return { groups: data.groups ?? [], other: data.other ?? { total: 0, counts: {} } }
  })
}

// How requests of a key were answered, up to now.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

const usage = management['api-keys'][':id'].usage

export type Usage = DataOf<typeof usage.$get>

const hourMs = 3_600_000

/** What can be looked at: so many steps up to the present one, each of UTC as the counts are. */
export const spans = {
  '24 h': { granularity: 'hour', steps: 24, stepMs: hourMs, words: 'the last 24 hours' },
  '7 d': { granularity: 'day', steps: 7, stepMs: 24 * hourMs, words: 'the last 7 days' },
  '30 d': { granularity: 'day', steps: 30, stepMs: 24 * hourMs, words: 'the last 30 days' },
} as const
export type Span = keyof typeof spans

/** The span comes with the answer: while another is being asked, the one before is still shown. */
export function usageQuery(id: string, span: Span) {
  return queryOptions({
    queryKey: ['keys', 'usage', id, span],
    async queryFn() {
      const { granularity, steps, stepMs } = spans[span]
      const first = Math.floor(Date.now() / stepMs) - steps + 1
      const from = new Date(first * stepMs).toISOString()
      const asked = usage.$get({ param: { id }, query: { from, granularity } })
      return { usage: (await answer(asked)).data, span }
    },
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}

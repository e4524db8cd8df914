// Endpoints whose messages do not arrive.
import { queryOptions } from '@tanstack/react-query'
import { answer, management } from '../api/client.ts'
import type { Endpoint } from '../webhooks/api.ts'

const endpoints = management['webhook-endpoints']

/** As many as an account has, unless its quota is raised. */
const maxRead = '20'

export const failingQuery = queryOptions({
  queryKey: ['webhooks', 'failing'],
  async queryFn(): Promise<Endpoint[]> {
    const { data } = await answer(endpoints.$get({ query: { limit: maxRead } }))
    const areFailing = await Promise.all(data.map(isFailing))
    return data.filter((_, index) => areFailing[index])
  },
  refetchInterval: 60_000,
})

/** Disabled by Latchkey, or the newest message was tried and has not arrived. */
async function isFailing({ id, is_active, disabled_reason }: Endpoint): Promise<boolean> {
  if (!is_active) return disabled_reason !== null
  const query = { limit: '1' }
  const { data } = await answer(endpoints[':id'].deliveries.$get({ param: { id }, query }))
  return data.some(({ status, attempts }) => status !== 'delivered' && attempts > 0)
}

import { queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

export type Status = DataOf<typeof management.status.$get>

export const refreshMs = 15_000

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: async () => (await answer(management.status.$get())).data,
  staleTime: refreshMs,
  refetchInterval: refreshMs,
})

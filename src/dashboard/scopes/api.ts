import { queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

export type Scope = DataOf<typeof management.scopes.$get>[number]

export const scopesQuery = queryOptions({
  queryKey: ['scopes'],
  queryFn: async () => (await answer(management.scopes.$get())).data,
  // Scopes change only with a deployment.
  staleTime: 10 * 60_000,
})

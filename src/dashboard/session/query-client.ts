// The query cache. It never holds a token: requests that return one (create, rotate) bypass it.
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiProblem } from '../api/problem.ts'
import { sessionQuery } from './api.ts'

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // The session has ended: RequireSession then redirects to the sign-in page.
      onError(error) {
        if (error instanceof ApiProblem && error.status === 401) {
          client.setQueryData(sessionQuery.queryKey, null)
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (count, error) => count < 2 && !isClientError(error),
        retryDelay: (count) => 500 * 2 ** count,
      },
    },
  })
  return client
}

/** A retry would return the same answer. */
function isClientError(error: Error): boolean {
  return error instanceof ApiProblem && error.status >= 400 && error.status < 500
}

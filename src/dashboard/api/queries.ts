// What pages read, and under which names the cache holds it. Tokens never pass through here: what makes one
// (creating, rotating) is called directly, so that no cache ever holds it.
import {
  keepPreviousData,
  QueryCache,
  QueryClient,
  queryOptions,
  useQuery,
} from '@tanstack/react-query'
import { answer, type DataOf, management } from './client.ts'
import { type Member, people, roles } from './people.ts'
import { ApiProblem } from './problem.ts'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: people.session,
  staleTime: 60_000,
})

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: people.accounts,
  staleTime: 60_000,
})

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: async () => {
    const account = await people.account().catch(nullIfNoMember)
    return account && { ...account, members: account.members.toSorted(bySeniority) }
  },
  staleTime: 30_000,
})

/** Removed meanwhile: the session is still in an account that is no longer theirs. */
function nullIfNoMember(error: unknown): null {
  if (error instanceof ApiProblem && error.status === 403) return null
  throw error
}

function bySeniority(a: Member, b: Member): number {
  return roles.indexOf(a.role) - roles.indexOf(b.role) || a.user.name.localeCompare(b.user.name)
}

const catalogueMs = 10 * 60_000

export const scopesQuery = queryOptions({
  queryKey: ['scopes'],
  queryFn: async () => (await answer(management.scopes.$get())).data,
  staleTime: catalogueMs,
})

export const formatsQuery = queryOptions({
  queryKey: ['formats'],
  queryFn: async () => (await answer(management.formats.$get())).data,
  staleTime: catalogueMs,
})

export type KeyQuery = {
  status?: KeyStatus
  search?: string
  created_by?: string
  cursor?: string
  limit?: string
}

export function keysQuery(query: KeyQuery) {
  return queryOptions({
    queryKey: ['keys', 'list', query],
    queryFn: () => answer(management['api-keys'].$get({ query })),
    placeholderData: keepPreviousData,
  })
}

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ['keys', 'one', id],
    queryFn: async () => (await answer(management['api-keys'][':id'].$get({ param: { id } }))).data,
  })
}

export type AuditQuery = {
  key_id?: string
  actor_id?: string
  action?: string
  cursor?: string
  limit?: string
}

export function auditQuery(query: AuditQuery) {
  return queryOptions({
    queryKey: ['audit', query],
    queryFn: () => answer(management['audit-events'].$get({ query })),
    placeholderData: keepPreviousData,
  })
}

const statusMs = 15_000

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: async () => (await answer(management.status.$get())).data,
  staleTime: statusMs,
  refetchInterval: statusMs,
})

export type Status = DataOf<(typeof management)['status']['$get']>
export type Key = DataOf<(typeof management)['api-keys'][':id']['$get']>
export type KeyStatus = Key['status']
export type AuditEvent = DataOf<(typeof management)['audit-events']['$get']>[number]
export type Scope = DataOf<(typeof management)['scopes']['$get']>[number]
export type Format = DataOf<(typeof management)['formats']['$get']>[number]

/** The prefix of each token format; empty while unknown. */
export function useTokenPrefix(): (format: string) => string {
  const { data } = useQuery(formatsQuery)
  return (name) => data?.find(({ format }) => format === name)?.prefix ?? ''
}

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // The session ended elsewhere, or was never there: the gate then shows the sign-in page.
      onError(error) {
        if (error instanceof ApiProblem && error.status === 401) {
          client.setQueryData(sessionQuery.queryKey, null)
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (count, error) => count < 2 && !isFinal(error),
        retryDelay: (count) => 500 * 2 ** count,
      },
    },
  })
  return client
}

/** Asking again would bring the same answer. */
function isFinal(error: Error): boolean {
  return error instanceof ApiProblem && error.status >= 400 && error.status < 500
}

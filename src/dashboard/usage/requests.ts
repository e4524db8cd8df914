// The request log of the account.
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

const log = management.requests

export type LoggedRequest = DataOf<typeof log.$get>[number]
export type RequestFilter = { key_id?: string; code?: string }
type RequestQuery = RequestFilter & { cursor?: string; limit: string }

export function requestsQuery(query: RequestQuery) {
  return queryOptions({
    queryKey: ['requests', query],
    queryFn: () => answer(log.$get({ query })),
    placeholderData: keepPreviousData,
  })
}

export function followPath(filter: RequestFilter): string {
  return `/api/requests?${new URLSearchParams({ ...filter, follow: 'true' })}`
}

/** So many that nobody reads them all: what is older is on the next pages. */
const maxRows = 100

/** Shows one that has just arrived on the first page. */
export function addRequest(client: QueryClient, query: RequestQuery, added: LoggedRequest): void {
  const { queryKey } = requestsQuery(query)
  const page = client.getQueryData(queryKey)
  if (page === undefined) return
  const others = page.data.filter(({ id }) => id !== added.id)
  const data = [added, ...others].sort(newestFirst)
  client.setQueryData(queryKey, { ...page, data })
  if (data.length > maxRows) void client.invalidateQueries({ queryKey })
}

function newestFirst(one: LoggedRequest, other: LoggedRequest): number {
  return Date.parse(other.time) - Date.parse(one.time) || (one.id < other.id ? 1 : -1)
}

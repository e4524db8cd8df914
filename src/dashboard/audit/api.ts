import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, type DataOf, management } from '../api/client.ts'

const events = management['audit-events']

export type AuditEvent = DataOf<typeof events.$get>[number]

export type AuditQuery = {
  key_id?: string
  actor_id?: string
  action?: string
  from?: string
  to?: string
  cursor?: string
  limit?: string
}

export function auditQuery(query: AuditQuery) {
  return queryOptions({
    queryKey: ['audit', query],
    queryFn: () => answer(events.$get({ query })),
    placeholderData: keepPreviousData,
  })
}

/** As many as the API answers at once. Not kept: what is exported is read once. */
export function readEvents(query: AuditQuery, cursor: string | undefined, signal: AbortSignal) {
  const page = { ...query, limit: '100', ...(cursor !== undefined && { cursor }) }
  return answer(events.$get({ query: page }, { init: { signal } }))
}

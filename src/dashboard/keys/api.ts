// API keys. Requests that return a token bypass the query cache: the caller alone holds the response.
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'
import { type Progress, progressOf } from '../api/progress.ts'

const keys = management['api-keys']
const key = keys[':id']

export type Key = DataOf<typeof key.$get>
/** A key as it was read: `etag` names that version of it. */
export type KeyVersion = Key & { etag: string | null }
export type KeyStatus = Key['status']
export type Format = DataOf<typeof management.formats.$get>[number]
export type NewKey = InferRequestType<typeof keys.$post>['json']
export type Rotation = InferRequestType<typeof key.rotate.$post>['json']
export type KeyChanges = InferRequestType<typeof key.$patch>['json']

/** A new key with its token, which no later response contains. */
export type MintedKey = DataOf<typeof keys.$post>

/** Of the list: its parameters in the API and in the address. */
export type KeyFilter = {
  status?: KeyStatus
  search?: string
  environment?: string
  scope?: string
  external_id?: string
  created_by?: string
  expires_before?: string
  unused_for?: string
  sort?: KeySort
}
export const sortColumns = ['name', 'created_at', 'last_used_at', 'expires_at'] as const
export type SortColumn = (typeof sortColumns)[number]
/** `-`: descending. */
export type KeySort = SortColumn | `-${SortColumn}`
export const pageSize = '25'
export type KeyQuery = KeyFilter & { cursor?: string; limit?: string }

/** While the page is visible. As often as the usage beside them, which they must not contradict. */
const refreshMs = 30_000

export function keysQuery(query: KeyQuery) {
  return queryOptions({
    queryKey: ['keys', 'list', query],
    queryFn: () => answer(keys.$get({ query })),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  })
}

/** A page for an export. */
export function readKeys(filter: KeyFilter, cursor: string | undefined, signal: AbortSignal) {
  const query = { ...filter, limit: '100', ...(cursor !== undefined && { cursor }) }
  return answer(keys.$get({ query }, { init: { signal } }))
}

/** Requests of the last 7 UTC days, oldest first. */
export type WeekOfKey = { total: number; days: number[] }

const daysOfWeek = 7
const dayMs = 86_400_000

export function weekQuery(ids: readonly string[]) {
  return queryOptions({
    queryKey: ['keys', 'week', ids],
    async queryFn(): Promise<ReadonlyMap<string, WeekOfKey>> {
      const from = new Date(Date.now() - (daysOfWeek - 1) * dayMs).toISOString().slice(0, 10)
      const query = { ids: ids.join(','), from, granularity: 'day' } as const
      const { data } = await answer(keys.usage.$get({ query }))
      return new Map(
        data.keys.map(({ id, total, series }) => [
          id,
          { total, days: series.map((day) => day.total) },
        ]),
      )
    },
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  })
}

export type KeySummary = DataOf<typeof keys.summary.$get>

export const summaryQuery = queryOptions({
  queryKey: ['keys', 'summary'],
  queryFn: async () => (await answer(keys.summary.$get())).data,
})

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ['keys', 'one', id],
    async queryFn(): Promise<KeyVersion> {
      const response = await key.$get({ param: { id } })
      const { data } = await answer(Promise.resolve(response))
      return { ...data, etag: response.headers.get('etag') }
    },
    refetchInterval: refreshMs,
  })
}

/** As a list showed it, without the ETag that an edit needs. */
export function keyInLists(client: QueryClient, id: string): KeyVersion | undefined {
  const lists = client.getQueriesData<{ data: Key[] }>({ queryKey: ['keys', 'list'] })
  const found = lists.flatMap(([, list]) => list?.data ?? []).find((key) => key.id === id)
  return found && { ...found, etag: null }
}

export type KeyTemplate = DataOf<typeof keys.templates.$get>[number]

/** Templates change only with a deployment. */
export const templatesQuery = queryOptions({
  queryKey: ['templates'],
  queryFn: async () => (await answer(keys.templates.$get())).data,
  staleTime: 10 * 60_000,
})

export const formatsQuery = queryOptions({
  queryKey: ['formats'],
  queryFn: async () => (await answer(management.formats.$get())).data,
  // Formats change only with a deployment.
  staleTime: 10 * 60_000,
})

export function createKey(json: NewKey) {
  return answer(keys.$post({ json }))
}

export function rotateKey(id: string, json: Rotation) {
  return answer(key.rotate.$post({ param: { id }, json }))
}

/** `etag`: of the version that the changes are for; else the problem is 412. */
export async function updateKey(
  id: string,
  json: KeyChanges,
  etag: string | null = null,
): Promise<Progress> {
  const headers = etag === null ? {} : { 'if-match': etag }
  return progressOf((await answer(key.$patch({ param: { id }, json }, { headers }))).data)
}

export function addCredits(id: string, add: number) {
  return answer(key.credits.$post({ param: { id }, json: { add } }))
}

export async function revokeKeys(ids: string[]): Promise<{ revoked: number; progress: Progress }> {
  const { data } = await answer(keys.revoke.$post({ json: { ids } }))
  return { revoked: data.revoked, progress: progressOf(data) }
}

export async function revokeKey(id: string): Promise<Progress> {
  return progressOf((await answer(key.$delete({ param: { id } }))).data)
}

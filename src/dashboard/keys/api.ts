// API keys. Requests that return a token bypass the query cache: the caller alone holds the response.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'
import { type Progress, progressOf } from '../api/progress.ts'

const keys = management['api-keys']
const key = keys[':id']

export type Key = DataOf<typeof key.$get>
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
  expires_before?: string
  unused_for?: string
  sort?: KeySort
}
/** Those never used, or without expiry, come first. */
export const keySorts = ['last_used_at', '-expires_at'] as const
export type KeySort = (typeof keySorts)[number]
export type KeyQuery = KeyFilter & { cursor?: string; limit?: string }

export function keysQuery(query: KeyQuery) {
  return queryOptions({
    queryKey: ['keys', 'list', query],
    queryFn: () => answer(keys.$get({ query })),
    placeholderData: keepPreviousData,
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
    queryFn: async () => (await answer(key.$get({ param: { id } }))).data,
  })
}

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

export async function updateKey(id: string, json: KeyChanges): Promise<Progress> {
  return progressOf((await answer(key.$patch({ param: { id }, json }))).data)
}

/** Idempotent: a retry with the same key adds the credits once. */
export function addCredits(id: string, add: number, idempotencyKey: string) {
  const headers = { 'idempotency-key': idempotencyKey }
  return answer(key.credits.$post({ param: { id }, json: { add } }, { headers }))
}

export async function revokeKey(id: string): Promise<Progress> {
  return progressOf((await answer(key.$delete({ param: { id } }))).data)
}

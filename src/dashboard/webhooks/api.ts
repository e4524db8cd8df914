// Webhook endpoints and their deliveries. Requests that return a secret bypass the query cache.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'

const endpoints = management['webhook-endpoints']
const endpoint = endpoints[':id']
const delivery = endpoint.deliveries[':delivery_id']

export type Endpoint = DataOf<typeof endpoint.$get>
/** Without its secret where the answer that held it was lost: it is shown once. */
export type MadeEndpoint = Endpoint & { secret?: string | undefined }
export type EndpointInput = InferRequestType<typeof endpoints.$post>['json']
export type EndpointChanges = InferRequestType<typeof endpoint.$patch>['json']
export type EventType = DataOf<typeof endpoints.events.$get>[number]
export type Delivery = DataOf<typeof endpoint.deliveries.$get>[number]

export const eventTypesQuery = queryOptions({
  queryKey: ['webhooks', 'events'],
  queryFn: async () => (await answer(endpoints.events.$get())).data,
  staleTime: 10 * 60_000,
})

/** Attempts continue in the background: while one is due soon, the list refreshes often. */
const activeRefreshMs = 2_000
const idleRefreshMs = 20_000

export function endpointsQuery(query: { cursor?: string; limit: string }) {
  return queryOptions({
    queryKey: ['webhooks', 'list', query],
    queryFn: () => answer(endpoints.$get({ query })),
    placeholderData: keepPreviousData,
  })
}

export function endpointQuery(id: string) {
  return queryOptions({
    queryKey: ['webhooks', 'one', id],
    queryFn: async () => (await answer(endpoint.$get({ param: { id } }))).data,
    // What it says of its last success must not contradict its deliveries.
    refetchInterval: idleRefreshMs,
  })
}

export type DeliveryQuery = { cursor?: string; limit: string; status?: Delivery['status'] }

export function deliveriesQuery(id: string, query: DeliveryQuery) {
  return queryOptions({
    queryKey: ['webhooks', 'deliveries', id, query],
    queryFn: () => answer(endpoint.deliveries.$get({ param: { id }, query })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.data.some(isDueSoon) ? activeRefreshMs : idleRefreshMs,
  })
}

// A delivery in the queue is due again in two minutes, in case the queue loses it.
const soonMs = 3 * 60_000

function isDueSoon({ next_attempt_at }: Delivery): boolean {
  return next_attempt_at !== null && Date.parse(next_attempt_at) < Date.now() + soonMs
}

export function deliveryQuery(id: string, delivery_id: string) {
  return queryOptions({
    queryKey: ['webhooks', 'delivery', id, delivery_id],
    queryFn: async () => (await answer(delivery.$get({ param: { id, delivery_id } }))).data,
  })
}

export const createEndpoint = async (json: EndpointInput): Promise<MadeEndpoint> =>
  (await answer(endpoints.$post({ json }))).data

export const updateEndpoint = async (id: string, json: EndpointChanges) =>
  (await answer(endpoint.$patch({ param: { id }, json }))).data

export const deleteEndpoint = (id: string) => answer(endpoint.$delete({ param: { id } }))

export const rotateSecret = async (id: string, overlap_seconds: number): Promise<MadeEndpoint> =>
  (await answer(endpoint['rotate-secret'].$post({ param: { id }, json: { overlap_seconds } }))).data

export const sendTestEvent = async (id: string) =>
  (await answer(endpoint.test.$post({ param: { id } }))).data

export const resendDelivery = async (id: string, delivery_id: string) =>
  (await answer(delivery.resend.$post({ param: { id, delivery_id } }))).data

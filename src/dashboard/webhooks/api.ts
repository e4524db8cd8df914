// Webhook endpoints and what was sent to them. What answers with a secret is called directly, so that no
// cache ever holds it.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'

const endpoints = management['webhook-endpoints']
const endpoint = endpoints[':id']
const delivery = endpoint.deliveries[':delivery_id']

export type Endpoint = DataOf<typeof endpoint.$get>
export type EndpointWithSecret = Endpoint & { secret: string }
export type EndpointDraft = InferRequestType<typeof endpoints.$post>['json']
export type EndpointChanges = InferRequestType<typeof endpoint.$patch>['json']
export type EventType = DataOf<typeof endpoints.events.$get>[number]
export type Delivery = DataOf<typeof endpoint.deliveries.$get>[number]

/** Attempts go on behind the page: while one is near, it looks again soon. */
const soonMs = 2_000
const laterMs = 20_000

export const eventTypesQuery = queryOptions({
  queryKey: ['webhooks', 'events'],
  queryFn: async () => (await answer(endpoints.events.$get())).data,
  staleTime: 10 * 60_000,
})

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
  })
}

export type DeliveryQuery = { cursor?: string; limit: string; status?: Delivery['status'] }

export function deliveriesQuery(id: string, query: DeliveryQuery) {
  return queryOptions({
    queryKey: ['webhooks', 'deliveries', id, query],
    queryFn: () => answer(endpoint.deliveries.$get({ param: { id }, query })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.data.some(isNear) ? soonMs : laterMs),
  })
}

// What the queue holds is due again in two minutes, should the queue lose it: it is tried long before.
const nearMs = 3 * 60_000

function isNear({ next_attempt_at }: Delivery): boolean {
  return next_attempt_at !== null && Date.parse(next_attempt_at) < Date.now() + nearMs
}

export function deliveryQuery(id: string, delivery_id: string) {
  return queryOptions({
    queryKey: ['webhooks', 'delivery', id, delivery_id],
    queryFn: async () => (await answer(delivery.$get({ param: { id, delivery_id } }))).data,
  })
}

export const addEndpoint = async (json: EndpointDraft): Promise<EndpointWithSecret> =>
  (await answer(endpoints.$post({ json }))).data

export const changeEndpoint = async (id: string, json: EndpointChanges) =>
  (await answer(endpoint.$patch({ param: { id }, json }))).data

export const deleteEndpoint = (id: string) => answer(endpoint.$delete({ param: { id } }))

export const rotateSecret = async (
  id: string,
  overlapSeconds: number,
): Promise<EndpointWithSecret> => {
  const json = { overlap_seconds: overlapSeconds }
  return (await answer(endpoint['rotate-secret'].$post({ param: { id }, json }))).data
}

export const sendTest = async (id: string) =>
  (await answer(endpoint.test.$post({ param: { id } }))).data

export const resendDelivery = async (id: string, delivery_id: string) =>
  (await answer(delivery.resend.$post({ param: { id, delivery_id } }))).data

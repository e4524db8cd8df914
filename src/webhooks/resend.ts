// Deliveries on request: one that is sent again, and a `ping` that tests an endpoint.
import type { IdempotentRequest } from '../core/idempotency.ts'
import { findDelivery, restartDelivery, writePing } from '../storage/webhook-deliveries.ts'
import type { Endpoint } from '../storage/webhook-endpoints.ts'

type Found = NonNullable<Awaited<ReturnType<typeof findDelivery>>>

export type Requested = ({ kind: 'pending' } & Found) | { kind: 'not_found' | 'disabled' }

/** Restarts the schedule of a delivery, with the same `webhook-id`. @throws StoreUnavailable */
export async function resendDelivery(
  d1: D1Database,
  endpoint: Endpoint,
  deliveryId: string,
  nowMs: number,
): Promise<Requested> {
  if (!endpoint.enabled) return { kind: 'disabled' }
  if ((await findDelivery(d1, endpoint.id, deliveryId)) === null) return { kind: 'not_found' }
  await restartDelivery(d1, deliveryId, nowMs)
  return pending(d1, endpoint, deliveryId)
}

/** @throws StoreUnavailable */
export async function pingEndpoint(
  d1: D1Database,
  endpoint: Endpoint,
  nowMs: number,
  request: IdempotentRequest | null = null,
): Promise<Requested> {
  if (!endpoint.enabled) return { kind: 'disabled' }
  return pending(d1, endpoint, await writePing(d1, endpoint, nowMs, request))
}

/** A delivery that was requested before, as it is now. */
export async function pending(d1: D1Database, endpoint: Endpoint, id: string): Promise<Requested> {
  const found = await findDelivery(d1, endpoint.id, id)
  return found === null ? { kind: 'not_found' } : { kind: 'pending', ...found }
}

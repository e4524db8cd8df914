// The deliveries to an endpoint: list, read, resend, ping, and prune after 30 days.
import { and, desc, eq, sql } from 'drizzle-orm'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { openPrimary, runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import { within } from './unavailable.ts'
import type { EndpointPlace } from './webhook-endpoints.ts'
import { webhookDelivery, webhookEvent } from './webhook-schema.ts'

export type Delivery = typeof webhookDelivery.$inferSelect & { type: string }

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
const lifetimeMs = 30 * 24 * 60 * 60_000
const maxPruned = 5_000

/** Writes a `ping` to one endpoint, which is not retried. @returns the id of the delivery. */
export async function writePing(
  d1: D1Database,
  { accountId, id: endpointId }: EndpointPlace,
  nowMs: number,
  request: IdempotentRequest | null = null,
): Promise<string> {
  const [eventId, deliveryId] = [crypto.randomUUID(), crypto.randomUUID()]
  const written = runBatch(d1, [
    sql`insert into ${webhookEvent} (id, account_id, type, data, created_at)
      select ${eventId}, ${accountId}, 'ping', json_object('account', json_object('id', id, 'name', name),
        'endpoint_id', ${endpointId}), ${nowMs}
      from organization where id = ${accountId}`,
    sql`insert into ${webhookDelivery} (id, event_id, endpoint_id, status, next_attempt_at, created_at)
      values (${deliveryId}, ${eventId}, ${endpointId}, 'pending', ${nowMs}, ${nowMs})`,
    ...recordRequest(request, deliveryId, nowMs),
  ])
  await within('D1', writeTimeoutMs, written)
  return deliveryId
}

/** Sets a delivery to pending, with the whole retry schedule ahead. */
export async function restartDelivery(d1: D1Database, id: string, nowMs: number): Promise<void> {
  const update = sql`
    update ${webhookDelivery}
    set status = 'pending', round_start = attempts, next_attempt_at = ${nowMs} where id = ${id}`
  await within('D1', writeTimeoutMs, runBatch(d1, [update]))
}

/** Deletes deliveries that ended and are past their lifetime, and events without deliveries, up to 5,000 rows each. */
export async function pruneDeliveries(d1: D1Database, nowMs: number): Promise<void> {
  const before = nowMs - lifetimeMs
  const statements = [
    sql`delete from ${webhookDelivery} where id in (select id from ${webhookDelivery}
      where created_at < ${before} and status <> 'pending' limit ${maxPruned})`,
    sql`delete from ${webhookEvent} where id in (select id from ${webhookEvent} as old
      where created_at < ${before}
        and not exists (select 1 from ${webhookDelivery} where event_id = old.id)
      limit ${maxPruned})`,
  ]
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

export type DeliveryStatus = Delivery['status']

/** Up to `limit` deliveries of an endpoint, newest first, beginning after a position. */
export async function listDeliveries(
  d1: D1Database,
  endpointId: string,
  status: DeliveryStatus | undefined,
  { limit, after }: { limit: number; after: { createdAt: number; id: string } | null },
): Promise<Delivery[]> {
  const { createdAt, id } = webhookDelivery
  const older = after && sql`(${createdAt}, ${id}) < (${after.createdAt}, ${after.id})`
  const query = openPrimary(d1)
    .select({ delivery: webhookDelivery, type: webhookEvent.type })
    .from(webhookDelivery)
    .innerJoin(webhookEvent, eq(webhookEvent.id, webhookDelivery.eventId))
    .where(
      and(
        eq(webhookDelivery.endpointId, endpointId),
        status === undefined ? undefined : eq(webhookDelivery.status, status),
        older ?? undefined,
      ),
    )
    .orderBy(desc(createdAt), desc(id))
    .limit(limit)
  const rows = await within('D1', readTimeoutMs, query.all())
  return rows.map(({ delivery, type }) => ({ ...delivery, type }))
}

/** A delivery with its event; null when the endpoint has no such delivery. */
export async function findDelivery(d1: D1Database, endpointId: string, id: string) {
  const query = openPrimary(d1)
    .select({ delivery: webhookDelivery, event: webhookEvent })
    .from(webhookDelivery)
    .innerJoin(webhookEvent, eq(webhookEvent.id, webhookDelivery.eventId))
    .where(and(eq(webhookDelivery.id, id), eq(webhookDelivery.endpointId, endpointId)))
    .get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

// The webhook endpoints of an account in D1. Each change is one batch with its audit event.
import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { build, openPrimary, runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import { auditEvent } from './schema.ts'
import { within } from './unavailable.ts'
import { webhookDelivery, webhookEndpoint } from './webhook-schema.ts'

export type Endpoint = typeof webhookEndpoint.$inferSelect
export type NewEndpoint = Pick<
  Endpoint,
  'id' | 'accountId' | 'url' | 'description' | 'events' | 'sealedSecret' | 'createdBy' | 'createdAt'
>
export type EndpointPatch = Partial<
  Pick<Endpoint, 'url' | 'description' | 'events' | 'enabled' | 'disabledReason'>
>
export type EndpointPlace = { accountId: string; id: string }

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
/**
 * Of any account, whatever its quota: the triggers write a delivery per endpoint in the transaction of each change.
 */
export const maxEndpoints = 100
/** Deliveries that one statement deletes, and statements of one request. */
const maxDeleted = 5_000
const maxBatches = 100

const write = (d1: D1Database, statements: Parameters<typeof runBatch>[1]) =>
  within('D1', writeTimeoutMs, runBatch<{ id: string }>(d1, statements))

/** Up to `limit` endpoints of the account, newest first, beginning after a position. */
export async function listEndpoints(
  d1: D1Database,
  accountId: string,
  { limit, after }: { limit: number; after: { createdAt: number; id: string } | null },
): Promise<Endpoint[]> {
  const { createdAt, id } = webhookEndpoint
  const older = after && sql`(${createdAt}, ${id}) < (${after.createdAt}, ${after.id})`
  const query = openPrimary(d1)
    .select()
    .from(webhookEndpoint)
    .where(and(eq(webhookEndpoint.accountId, accountId), older ?? undefined))
    .orderBy(desc(createdAt), desc(id))
    .limit(limit)
  return within('D1', readTimeoutMs, query.all())
}

/** An endpoint of the account; null also for endpoints of other accounts. */
export async function findEndpoint(d1: D1Database, place: EndpointPlace): Promise<Endpoint | null> {
  const query = openPrimary(d1).select().from(webhookEndpoint).where(at(place)).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

/** @returns false when the account already has `maxEndpoints`. */
export async function insertEndpoint(
  d1: D1Database,
  endpoint: NewEndpoint,
  audit: AuditEntry,
  request: IdempotentRequest | null = null,
): Promise<boolean> {
  const { id, accountId, url, description, events, sealedSecret, createdBy, createdAt } = endpoint
  const insert = sql`
    insert into ${webhookEndpoint}
      (id, account_id, url, description, events, enabled, sealed_secret, created_by, created_at)
    select ${id}, ${accountId}, ${url}, ${description}, ${events && JSON.stringify(events)}, 1,
      ${sealedSecret}, ${createdBy}, ${createdAt}
    where (select count(*) from ${webhookEndpoint} where account_id = ${accountId}) < ${maxEndpoints}`
  const stored = build.select({ id: webhookEndpoint.id }).from(webhookEndpoint).where(at(endpoint))
  const rows = await write(d1, [
    insert,
    insertEvent(endpoint, audit, createdAt),
    ...recordRequest(request, id, createdAt, exists(endpoint)),
    stored,
  ])
  return rows.length === 1
}

export async function updateEndpoint(
  d1: D1Database,
  place: EndpointPlace,
  patch: EndpointPatch,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  const update = build.update(webhookEndpoint).set(patch).where(at(place))
  await write(d1, [update, insertEvent(place, audit, nowMs)])
}

/** The present secret becomes the previous one, which also signs until `previousUntil`. */
export async function replaceSecret(
  d1: D1Database,
  place: EndpointPlace,
  { sealedSecret, previousUntil }: { sealedSecret: string; previousUntil: number },
  audit: AuditEntry,
  nowMs: number,
  request: IdempotentRequest | null = null,
): Promise<void> {
  const update = build
    .update(webhookEndpoint)
    .set({ sealedPrevious: sql`${webhookEndpoint.sealedSecret}`, sealedSecret, previousUntil })
    .where(at(place))
  await write(d1, [
    update,
    insertEvent(place, audit, nowMs),
    ...recordRequest(request, place.id, nowMs, exists(place)),
  ])
}

/** Deletes the endpoint with its deliveries, pending ones included, a batch at a time. */
export async function deleteEndpoint(
  d1: D1Database,
  place: EndpointPlace,
  audit: AuditEntry,
  nowMs: number,
  perBatch = maxDeleted,
): Promise<void> {
  const some = sql`delete from ${webhookDelivery} where rowid in (select rowid from ${webhookDelivery}
    where ${webhookDelivery.endpointId} = ${place.id} limit ${perBatch}) returning 1`
  await write(d1, [
    insertEvent(place, audit, nowMs),
    build.delete(webhookEndpoint).where(at(place)),
  ])
  // What a failure leaves is not sent (`claim` joins the endpoint) and is pruned by its age.
  for (let batch = 0; batch < maxBatches; batch++) {
    if ((await write(d1, [some])).length < perBatch) return
  }
}

function at({ accountId, id }: EndpointPlace): SQL | undefined {
  return and(eq(webhookEndpoint.id, id), eq(webhookEndpoint.accountId, accountId))
}

function exists(place: EndpointPlace): SQL {
  return sql`exists (select 1 from ${webhookEndpoint} where ${at(place)})`
}

function insertEvent(place: EndpointPlace, audit: AuditEntry, nowMs: number): SQL {
  return insertEndpointEvent(sql`${at(place)}`, audit, nowMs)
}

/** Inserts an audit event for each endpoint that matches the condition. */
export function insertEndpointEvent(condition: SQL, audit: AuditEntry, nowMs: number): SQL {
  const { action, actorKind, actorId, requestId, detail } = audit
  return sql`
    insert into ${auditEvent}
      (id, account_id, action, actor_kind, actor_id, detail, request_id, created_at)
    select ${crypto.randomUUID()}, ${webhookEndpoint.accountId}, ${action}, ${actorKind}, ${actorId},
      json_set(${JSON.stringify(detail ?? {})}, '$.endpoint_id', ${webhookEndpoint.id},
        '$.url', ${webhookEndpoint.url}), ${requestId}, ${nowMs}
    from ${webhookEndpoint} where ${condition}`
}

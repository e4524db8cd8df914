// The outbox in D1: what is still to be sent, and what became of it. The rows are the truth; the queue only
// says when to look. Of all who take up one attempt, one gets it.
import { eq, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import { openPrimary, runBatch } from './database.ts'
import { within } from './unavailable.ts'
import { recordEndpoint } from './webhook-endpoints.ts'
import { webhookDelivery, webhookEndpoint, webhookEvent } from './webhook-schema.ts'

/** One attempt to come: `attempts` were begun before it. */
export type Due = { id: string; attempts: number }

/** An attempt that is ours to make. `attempt` counts from 1 since the delivery was last asked for. */
export type Claimed = Due & {
  attempt: number
  event: typeof webhookEvent.$inferSelect
  endpoint: typeof webhookEndpoint.$inferSelect
}

/** What came of an attempt. */
export type Attempted = { status: number | null; error: string | null }

const readTimeoutMs = 2_000
const writeLimitMs = 10_000
/** What was handed to the queue and did not come back is handed over again after this. */
const handOverMs = 2 * 60_000
/** An attempt whose Worker died is made again after this: more than a time-out and the writes. */
const claimMs = 60_000

export type Outbox = ReturnType<typeof createOutbox>

export function createOutbox(d1: D1Database) {
  const write = <Row>(...statements: SQL[]) =>
    within('D1', writeLimitMs, runBatch<Row>(d1, statements))
  return {
    /** Up to `limit` attempts that are due, the longest due first; for a while nobody else gets them. */
    handOver: (nowMs: number, limit: number) =>
      write<Due>(sql`
        update ${webhookDelivery} set next_attempt_at = ${nowMs + handOverMs}
        where id in (select id from ${webhookDelivery}
          where status = 'pending' and next_attempt_at <= ${nowMs}
          order by next_attempt_at limit ${limit})
        returning id, attempts`),

    /** Takes an attempt up; null when another has, or when there is nothing left to do. */
    async claim({ id, attempts }: Due, nowMs: number): Promise<Claimed | null> {
      const [taken] = await write<{ roundStart: number }>(sql`
        update ${webhookDelivery} set attempts = ${attempts + 1}, last_attempt_at = ${nowMs},
          next_attempt_at = ${nowMs + claimMs}
        where id = ${id} and attempts = ${attempts} and status = 'pending'
        returning round_start as roundStart`)
      if (taken === undefined) return null
      const row = await within('D1', readTimeoutMs, readWhole(d1, id))
      const due = { id, attempts: attempts + 1, attempt: attempts + 1 - taken.roundStart }
      return row === undefined ? null : { ...due, ...row }
    },

    async succeed({ id, attempts, endpoint }: Claimed, { status }: Attempted, nowMs: number) {
      await write(
        ended({ id, attempts }, { status, error: null }, 'delivered'),
        sql`update ${webhookEndpoint} set last_success_at = ${nowMs} where id = ${endpoint.id}`,
      )
    },

    async postpone({ id, attempts }: Due, { status, error }: Attempted, untilMs: number) {
      await write(sql`
        update ${webhookDelivery}
        set next_attempt_at = ${untilMs}, last_status = ${status}, last_error = ${error}
        where id = ${id} and attempts = ${attempts} and status = 'pending'`)
    },

    async giveUp(due: Due, outcome: Attempted) {
      await write(ended(due, outcome, 'failed'))
    },

    /** Gives up, and disables the endpoint: at once, or where it took nothing since the event was written. */
    async giveUpEndpoint(
      { id, attempts, endpoint, event }: Claimed,
      outcome: Attempted,
      reason: 'gone' | 'failing',
      nowMs: number,
    ) {
      const is = sql`${webhookEndpoint.id} = ${endpoint.id} and ${webhookEndpoint.enabled}`
      const silent = sql`${is} and coalesce(${webhookEndpoint.lastSuccessAt}, 0) < ${event.createdAt}`
      const condition = reason === 'gone' ? is : silent
      await write(
        ended({ id, attempts }, outcome, 'failed'),
        recordEndpoint(condition, disabling(reason), nowMs),
        sql`update ${webhookEndpoint} set enabled = 0, disabled_reason = ${reason} where ${condition}`,
        sql`update ${webhookDelivery} set status = 'failed', last_error = ${endpointDisabled}
          where status = 'pending' and endpoint_id = ${endpoint.id}
            and exists (select 1 from ${webhookEndpoint} where id = ${endpoint.id} and not enabled)`,
      )
    },
  }
}

export const endpointDisabled = 'The endpoint is disabled'

function ended(
  { id, attempts }: Due,
  { status, error }: Attempted,
  end: 'delivered' | 'failed',
): SQL {
  return sql`
    update ${webhookDelivery}
    set status = ${end}, last_status = ${status}, last_error = ${error}
    where id = ${id} and attempts = ${attempts} and status = 'pending'`
}

function disabling(reason: string): AuditEntry {
  const nobody = { actorKind: 'system', actorId: null, requestId: null } as const
  return { ...nobody, action: 'webhook_endpoint.disabled', detail: { reason } }
}

function readWhole(d1: D1Database, id: string) {
  return openPrimary(d1)
    .select({ event: webhookEvent, endpoint: webhookEndpoint })
    .from(webhookDelivery)
    .innerJoin(webhookEvent, eq(webhookEvent.id, webhookDelivery.eventId))
    .innerJoin(webhookEndpoint, eq(webhookEndpoint.id, webhookDelivery.endpointId))
    .where(eq(webhookDelivery.id, id))
    .get()
}

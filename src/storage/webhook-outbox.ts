// The outbox in D1: pending deliveries and their outcomes. The rows decide; a message of the queue is only a hint to
// look at one. Of all Workers that claim an attempt, one gets it.
import { eq, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import { openPrimary, runBatch } from './database.ts'
import { within } from './unavailable.ts'
import { insertEndpointEvent } from './webhook-endpoints.ts'
import { webhookDelivery, webhookEndpoint, webhookEvent } from './webhook-schema.ts'

/** A delivery whose next attempt is due, after `attempts` earlier ones. */
export type Due = { id: string; attempts: number }

/** An attempt that the caller has to make. `attempt` counts from 1, and again after a resend. */
export type Claimed = Due & {
  attempt: number
  event: typeof webhookEvent.$inferSelect
  endpoint: typeof webhookEndpoint.$inferSelect
}

/** The outcome of an attempt; `error` null: delivered. */
export type AttemptOutcome = { status: number | null; error: string | null }

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
/** A delivery that was sent to the queue and not claimed is due again after this. */
const enqueuedMs = 2 * 60_000
/** A claimed delivery without an outcome is due again after this: longer than the timeout and the writes. */
const claimMs = 60_000
/** Pending deliveries of a disabled endpoint that fail at once; the others fail as they are due. */
const maxFailed = 5_000

export type Outbox = ReturnType<typeof createOutbox>

export function createOutbox(d1: D1Database) {
  const write = <Row>(...statements: SQL[]) =>
    within('D1', writeTimeoutMs, runBatch<Row>(d1, statements))
  return {
    /** Up to `limit` due deliveries, longest due first. No other call returns them for `enqueuedMs`. */
    takeDue: (nowMs: number, limit: number) =>
      write<Due>(sql`
        update ${webhookDelivery} set next_attempt_at = ${nowMs + enqueuedMs}
        where id in (select id from ${webhookDelivery}
          where status = 'pending' and next_attempt_at <= ${nowMs}
          order by next_attempt_at limit ${limit})
        returning id, attempts`),

    /** Starts an attempt; null when another Worker has, or when the delivery is not pending any more. */
    async claim({ id, attempts }: Due, nowMs: number): Promise<Claimed | null> {
      const [claimed] = await write<{ roundStart: number }>(sql`
        update ${webhookDelivery} set attempts = ${attempts + 1}, last_attempt_at = ${nowMs},
          next_attempt_at = ${nowMs + claimMs}
        where id = ${id} and attempts = ${attempts} and status = 'pending'
        returning round_start as roundStart`)
      if (claimed === undefined) return null
      const row = await within('D1', readTimeoutMs, readClaimed(d1, id))
      const due = { id, attempts: attempts + 1, attempt: attempts + 1 - claimed.roundStart }
      if (row !== undefined) return { ...due, ...row }
      // Of an endpoint that was deleted with more deliveries than the request could delete.
      await write(sql`delete from ${webhookDelivery} where id = ${id}`)
      return null
    },

    async succeed({ id, attempts, endpoint }: Claimed, { status }: AttemptOutcome, nowMs: number) {
      await write(
        ended({ id, attempts }, { status, error: null }, 'delivered'),
        sql`update ${webhookEndpoint} set last_success_at = ${nowMs} where id = ${endpoint.id}`,
      )
    },

    async postpone({ id, attempts }: Due, { status, error }: AttemptOutcome, untilMs: number) {
      await write(sql`
        update ${webhookDelivery}
        set next_attempt_at = ${untilMs}, last_status = ${status}, last_error = ${error}
        where id = ${id} and attempts = ${attempts} and status = 'pending'`)
    },

    async fail(due: Due, outcome: AttemptOutcome) {
      await write(ended(due, outcome, 'failed'))
    },

    /** Fails, and disables the endpoint: `gone` always, `failing` if nothing was delivered since the event. */
    async failAndDisable(
      { id, attempts, endpoint, event }: Claimed,
      outcome: AttemptOutcome,
      reason: 'gone' | 'failing',
      nowMs: number,
    ) {
      const isEnabled = sql`${webhookEndpoint.id} = ${endpoint.id} and ${webhookEndpoint.enabled}`
      const isFailing = sql`${isEnabled} and coalesce(${webhookEndpoint.lastSuccessAt}, 0) < ${event.createdAt}`
      const condition = reason === 'gone' ? isEnabled : isFailing
      await write(
        ended({ id, attempts }, outcome, 'failed'),
        insertEndpointEvent(condition, disabledEntry(reason), nowMs),
        sql`update ${webhookEndpoint} set enabled = 0, disabled_reason = ${reason} where ${condition}`,
        sql`update ${webhookDelivery} set status = 'failed', last_error = ${endpointDisabled}
          where rowid in (select rowid from ${webhookDelivery}
              where endpoint_id = ${endpoint.id} and status = 'pending' limit ${maxFailed})
            and exists (select 1 from ${webhookEndpoint} where id = ${endpoint.id} and not enabled)`,
      )
    },
  }
}

export const endpointDisabled = 'The endpoint is disabled'

function ended(
  { id, attempts }: Due,
  { status, error }: AttemptOutcome,
  end: 'delivered' | 'failed',
): SQL {
  return sql`
    update ${webhookDelivery}
    set status = ${end}, last_status = ${status}, last_error = ${error}
    where id = ${id} and attempts = ${attempts} and status = 'pending'`
}

function disabledEntry(reason: string): AuditEntry {
  const bySystem = { actorKind: 'system', actorId: null, requestId: null } as const
  return { ...bySystem, action: 'webhook_endpoint.disabled', detail: { reason } }
}

function readClaimed(d1: D1Database, id: string) {
  return openPrimary(d1)
    .select({ event: webhookEvent, endpoint: webhookEndpoint })
    .from(webhookDelivery)
    .innerJoin(webhookEvent, eq(webhookEvent.id, webhookDelivery.eventId))
    .innerJoin(webhookEndpoint, eq(webhookEndpoint.id, webhookDelivery.endpointId))
    .where(eq(webhookDelivery.id, id))
    .get()
}

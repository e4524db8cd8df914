// Portal sessions in the statements that change keys.
import { type SQL, sql } from 'drizzle-orm'
import type { PortalCustomer } from '../core/actor.ts'
import { portalSession } from './portal-schema.ts'
import { apiKey } from './schema.ts'

/** Whether the session has not ended, nor the key that opened it. */
export function isInForce(sessionId: string, nowMs: number): SQL {
  return sql`exists (select 1 from ${portalSession} as session join ${apiKey} as opener on opener.id = session.key_id
    where session.id = ${sessionId} and session.expires_at > ${nowMs} and opener.revoked_at is null
      and opener.disabled = 0 and coalesce(opener.expires_at, ${nowMs} + 1) > ${nowMs})`
}

/** How many keys a customer has, counted up to a number: unrevoked ones, and of a rotation the newest. */
export function keysOf(accountId: string, externalId: string, atMost: number): SQL {
  return sql`(select count(*) from (select 1 from ${apiKey} indexed by api_key_by_external_id
    where account_id = ${accountId} and external_id = ${externalId} and revoked_at is null
      and replaced_by is null limit ${atMost}))`
}

/** Whether the session is in force, and its customer may have another key. */
export function hasRoomFor(customer: PortalCustomer, accountId: string, nowMs: number): SQL {
  const { sessionId, externalId, maxKeys } = customer
  return sql`${isInForce(sessionId, nowMs)} and ${keysOf(accountId, externalId, maxKeys)} < ${maxKeys}`
}

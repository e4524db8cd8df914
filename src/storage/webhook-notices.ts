// `key.credits_low`: an event that no change of a key causes. It is written at most once, by its deduplication key
// (`once_as`), and only for accounts with an enabled endpoint.
import { sql } from 'drizzle-orm'
import { newUuid, runBatch } from './database.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'
import { webhookEndpoint, webhookEvent } from './webhook-schema.ts'

const writeTimeoutMs = 10_000
/** The credits of a meter below a mark, as seen by one of its keys. The event is written once per `period`. */
export type LowCredits = {
  keyId: string
  meter: string
  remaining: number
  mark: number
  period: string
}

/**
 * Writes `key.credits_low` once for each meter and period, however often and from however many isolates it is
 * called.
 */
export async function noticeLowCredits(
  d1: D1Database,
  { keyId, meter, remaining, mark, period }: LowCredits,
  nowMs: number,
): Promise<void> {
  const detail = JSON.stringify({ credits: { remaining, mark } })
  const insert = sql`
    insert into ${webhookEvent} (id, account_id, type, once_as, data, created_at)
    select ${newUuid}, ${apiKey.accountId}, 'key.credits_low', ${`credits_low/${meter}/${period}`},
      json_set(subject.data, '$.detail', json(${detail})), ${nowMs}
    from ${apiKey} join webhook_subject as subject on subject.key_id = ${apiKey.id}
    where ${apiKey.id} = ${keyId}
      and exists (select 1 from ${webhookEndpoint}
        where account_id = ${apiKey.accountId} and enabled)
    on conflict (once_as) do nothing`
  await within('D1', writeTimeoutMs, runBatch(d1, [insert]))
}

// Events that no change of a key causes: it expires soon, or its credits run low. Each is written at most once, by its
// deduplication key (`once_as`), and only for accounts with an enabled endpoint.
import { type SQL, sql } from 'drizzle-orm'
import { tryEach } from '../log.ts'
import { newUuid, runBatch } from './database.ts'
import { apiKey } from './schema.ts'
import { isDeterministic, within } from './unavailable.ts'
import { webhookEndpoint, webhookEvent } from './webhook-schema.ts'

const writeTimeoutMs = 10_000
const dayMs = 24 * 60 * 60_000
/** Days before expiry at which an event is written; each until the next mark. */
const marks = [
  { days: 7, until: 1 },
  { days: 1, until: 0 },
]

type Mark = (typeof marks)[number]

/** Writes `key.expiring` once for each key, time of expiry and mark. @throws the first failure, after all were tried */
export async function noticeExpiring(d1: D1Database, nowMs: number): Promise<void> {
  const tasks = marks.map((mark) => [`${mark.days}`, () => noticeMark(d1, mark, nowMs)] as const)
  await tryEach('webhooks_not_noticed', 'days', tasks)
}

/** All keys at once; after a deterministic failure, each account separately. */
async function noticeMark(d1: D1Database, mark: Mark, nowMs: number): Promise<void> {
  const write = (keys: SQL) => run(d1, insertExpiring(mark, keys, nowMs))
  const due = dueKeys(mark, nowMs)
  try {
    await write(due)
  } catch (cause) {
    if (!isDeterministic(cause)) throw cause
    const accounts = await run<{ id: string }>(
      d1,
      sql`select distinct ${apiKey.accountId} as id from ${apiKey} where ${due}`,
    )
    const tasks = accounts.map(({ id }) => {
      return [id, () => write(sql`${apiKey.accountId} = ${id} and ${due}`)] as const
    })
    await tryEach('webhooks_not_noticed', 'account', tasks)
  }
}

function dueKeys({ days, until }: Mark, nowMs: number): SQL {
  return sql`revoked_at is null and not ${apiKey.disabled}
    and ${apiKey.expiresAt} > ${nowMs + until * dayMs}
    and ${apiKey.expiresAt} <= ${nowMs + days * dayMs}
    and exists (select 1 from ${webhookEndpoint} where account_id = ${apiKey.accountId} and enabled)`
}

function insertExpiring({ days }: Mark, keys: SQL, nowMs: number): SQL {
  const detail = JSON.stringify({ within_days: days })
  return sql`
    insert into ${webhookEvent} (id, account_id, type, once_as, data, created_at)
    select ${newUuid}, ${apiKey.accountId}, 'key.expiring',
      'expiring/' || ${apiKey.id} || '/' || ${apiKey.expiresAt} || '/' || ${days},
      json_set(subject.data, '$.detail', json(${detail})), ${nowMs}
    from ${apiKey} join webhook_subject as subject on subject.key_id = ${apiKey.id}
    where ${keys}
    on conflict (once_as) do nothing`
}

function run<Row>(d1: D1Database, statement: SQL): Promise<Row[]> {
  return within('D1', writeTimeoutMs, runBatch<Row>(d1, [statement]))
}

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
  await run(d1, insert)
}

// Mail about keys: one message to each person for all keys that a statement concerns. Only proved addresses get any.
import { type SQL, sql } from 'drizzle-orm'
import { newUuid } from './database.ts'
import { mail, mailNotice } from './mail-schema.ts'
import { member, organization, user } from './people-schema.ts'
import { apiKey } from './schema.ts'
import { changedNow } from './sequence.ts'

/** Names in one message; it says how many others there are. */
const maxNames = 10
const dayMs = 24 * 60 * 60_000

/** To the owners and the creators of the keys that this batch revoked. */
export function insertLeakMail(
  { url, source }: { url: unknown; source: unknown },
  nowMs: number,
): SQL {
  const own = sql`'url', ${url ?? null}, 'source', ${source ?? null}`
  return insertKeyMail({ template: 'key_leaked', keys: changedNow, alsoOwners: true, own }, nowMs)
}

/** Keys that a mark of their expiry has been crossed by, as an order of the scan reads them. */
export type Expiring = { days: number; index: string; keys: SQL }

/**
 * To the creator of each key, or to the owners where that is no member any more; once for each key, time of expiry and mark.
 * A key that was made within the mark is expected to expire, and so is one that has been rotated.
 */
export function insertExpiryMail({ days, index, keys }: Expiring, nowMs: number): SQL[] {
  const batch = noticeBatch(nowMs) + crypto.randomUUID()
  const onceAs = sql`'expiring/' || ${apiKey.id} || '/' || ${apiKey.expiresAt} || '/' || ${days}`
  const noticed = sql`${apiKey.id} in (select key_id from ${mailNotice} where batch = ${batch})`
  const own = sql`'expires_at', min(expires_at)`
  return [
    sql`insert into ${mailNotice} (once_as, key_id, batch)
      select ${onceAs}, ${apiKey.id}, ${batch} from ${apiKey} indexed by ${sql.raw(index)}
      where ${keys} and ${apiKey.replacedBy} is null
        and ${apiKey.createdAt} <= ${apiKey.expiresAt} - ${days * dayMs}
      on conflict (once_as) do nothing`,
    insertKeyMail({ template: 'key_expiring', keys: noticed, alsoOwners: false, own }, nowMs),
  ]
}

const noticesForDays = 30
const maxPruned = 5_000

/** Forgets what was noticed more than 30 days ago, up to 5,000 rows: a mark is crossed once. */
export function pruneNotices(nowMs: number): SQL {
  const before = noticeBatch(nowMs - noticesForDays * dayMs)
  return sql`delete from ${mailNotice} where once_as in
    (select once_as from ${mailNotice} where batch < ${before} limit ${maxPruned})`
}

/** Batches sort by their time. */
const noticeBatch = (nowMs: number) => `${String(nowMs).padStart(15, '0')}/`

type KeyMail = {
  template: 'key_expiring' | 'key_leaked'
  /** A condition on keys. */
  keys: SQL
  alsoOwners: boolean
  /** Pairs of the data that only this template has. */
  own: SQL
}

function insertKeyMail({ template, keys, alsoOwners, own }: KeyMail, nowMs: number): SQL {
  const creator = sql`${member}.organization_id = concerned.account_id and ${member}.user_id = concerned.created_by`
  const owner = sql`${member}.organization_id = concerned.account_id and ${member}.role like '%owner%'`
  const proved = sql`${user} on ${user}.id = ${member}.user_id and ${user}.email_verified`
  const isForOwners = alsoOwners
    ? sql`1`
    : sql`not exists (select 1 from ${member} join ${proved} where ${creator})`
  return sql`
    with concerned as (select id, account_id, created_by, name, key_prefix, expires_at from ${apiKey} where ${keys}),
    told as (
      select concerned.*, ${user}.id as user_id, ${user}.email as email
        from concerned join ${member} on ${creator} join ${proved}
      union
      select concerned.*, ${user}.id as user_id, ${user}.email as email
        from concerned join ${member} on ${owner} join ${proved} where ${isForOwners}),
    ranked as (select *, row_number() over (partition by account_id, user_id order by expires_at, id) as place
      from told order by account_id, user_id, place)
    insert into ${mail}
      (id, account_id, user_id, to_address, template, data, status, attempts, next_attempt_at, created_at)
    select ${newUuid}, account_id, user_id, email, ${template}, json_object(
        'account', (select name from ${organization} where id = account_id), 'account_id', account_id,
        'count', count(*), 'key_id', case count(*) when 1 then min(id) end,
        'names', group_concat(case when place <= ${maxNames} then name || ' (' || key_prefix || '…)' end, char(10)), ${own}),
      'pending', 0, ${nowMs}, ${nowMs}
    from ranked group by account_id, user_id`
}

// `key.expiring`, and the mail that tells people: written once for each key, time of expiry and mark. A scan reads the keys whose mark was crossed since
// the last one, those that changed since then, and those of accounts whose first endpoint was enabled since then.
import { type SQL, sql } from 'drizzle-orm'
import { tryEach } from '../log.ts'
import { newUuid, openPrimary, runBatch } from './database.ts'
import { insertExpiryMail } from './key-mail.ts'
import { apiKey } from './schema.ts'
import { currentSequence } from './sequence.ts'
import { isDeterministic, within } from './unavailable.ts'
import { webhookEndpoint, webhookEvent } from './webhook-schema.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
const dayMs = 24 * 60 * 60_000
/** Days before expiry at which an event is written; each until the next mark. */
const marks = [
  { days: 7, until: 1 },
  { days: 1, until: 0 },
]
/** Keys that one statement reads, each with an event and its deliveries. */
const maxKeys = 2_000
/** Statements of one order and scan: the next scan goes on. */
const maxPages = 50
/** Accounts with a new endpoint that one scan reads. */
const maxAccounts = 100

type Mark = (typeof marks)[number]

/** What a scan has read of a mark: keys that expire up to `expiresAt`, and changes up to `seq`. */
type Scanned = { expiresAt: number; seq: number }

/** An order of keys whose pages a scan reads: an index of which `column` is the last. */
type Order = { index: string; column: SQL; where: SQL }

/** @throws the first failure, after all were tried: what it left is written by the next scan. */
export async function noticeExpiring(
  d1: D1Database,
  nowMs: number,
  { perStatement = maxKeys, pages = maxPages, hasMail = false }: ScanOptions = {},
): Promise<void> {
  const scan = { d1, nowMs, perStatement, pages, hasMail }
  await tryEach('webhooks_not_noticed', 'days', [
    ...marks.map((mark) => [`${mark.days}`, () => noticeMark(scan, mark)] as const),
    ['accounts', () => noticeAccounts(scan)] as const,
  ])
}

type ScanOptions = { perStatement?: number; pages?: number; hasMail?: boolean }

type Scan = Required<ScanOptions> & { d1: D1Database; nowMs: number }

async function noticeMark(scan: Scan, mark: Mark): Promise<void> {
  const { d1, nowMs } = scan
  const { days, until } = mark
  const [scanned] = await read<Scanned>(
    d1,
    sql`select expires_at as expiresAt, seq from expiry_scan where days = ${days}`,
  )
  const [{ seq } = { seq: 0 }] = await read<{ seq: number }>(
    d1,
    sql`select coalesce(${currentSequence}, 0) as seq`,
  )
  const [from, to] = [nowMs + until * dayMs, nowMs + days * dayMs]
  const crossed: Order = {
    index: 'api_key_by_expiry',
    column: sql`${apiKey.expiresAt}`,
    where: sql`revoked_at is null and ${apiKey.expiresAt} <= ${to}`,
  }
  const start = Math.max(from, scanned?.expiresAt ?? from)
  const byExpiry = await noticePages(scan, mark, crossed, start)
  const failures = [...byExpiry.failures]
  let seqRead = seq
  // Without an earlier scan nothing was read before: a change is found by its expiry.
  if (scanned !== undefined) {
    const changed: Order = {
      index: 'api_key_with_expiry_by_seq',
      column: sql`${apiKey.seq}`,
      where: sql`revoked_at is null and expires_at is not null and ${apiKey.seq} <= ${seq}`,
    }
    const byChange = await noticePages(scan, mark, changed, scanned.seq)
    failures.push(...byChange.failures)
    seqRead = byChange.readTo ?? seq
  }
  await write(
    d1,
    sql`insert into expiry_scan (days, expires_at, seq) values (${days}, ${byExpiry.readTo ?? to}, ${seqRead})
      on conflict (days) do update set
        expires_at = max(expires_at, excluded.expires_at), seq = max(seq, excluded.seq)`,
  )
  if (failures.length > 0) throw failures[0]
}

/** An account whose first endpoint was enabled, or whose notices failed: a trigger, or an earlier scan, left its row. */
async function noticeAccounts(scan: Scan): Promise<void> {
  const { d1, nowMs } = scan
  const due = await read<{ id: string; mark: string }>(
    d1,
    sql`select account_id as id, mark from expiry_due limit ${maxAccounts}`,
  )
  const notice = async (id: string, mark: string) => {
    for (const each of marks) {
      const order: Order = {
        index: 'api_key_by_end',
        column: sql`${apiKey.expiresAt}`,
        where: sql`revoked_at is null and ${apiKey.accountId} = ${id} and ${apiKey.expiresAt} <= ${nowMs + each.days * dayMs}`,
      }
      const everyPage = { ...scan, pages: Number.POSITIVE_INFINITY }
      const { failures } = await noticePages(everyPage, each, order, nowMs + each.until * dayMs)
      if (failures.length > 0) throw failures[0]
    }
    // One that was left meanwhile has another mark.
    await write(d1, sql`delete from expiry_due where account_id = ${id} and mark = ${mark}`)
  }
  const tasks = due.map(({ id, mark }) => [id, () => notice(id, mark)] as const)
  await tryEach('webhooks_not_noticed', 'account', tasks)
}

/**
 * Writes the events of the keys in an order whose `column` is above `from`.
 * @returns the failures of accounts whose rows are left in `expiry_due`; `readTo`: up to where the keys were read, null
 * for all.
 */
async function noticePages(
  scan: Scan,
  mark: Mark,
  order: Order,
  from: number,
): Promise<{ failures: unknown[]; readTo: number | null }> {
  const failures: unknown[] = []
  let after: Place = { value: from, row: Number.MAX_SAFE_INTEGER }
  for (let page = 1; ; page++) {
    const rest: SQL = sql`${order.where} and ${placeIn(order)} > (${after.value}, ${after.row})`
    const last: Place | undefined = await lastOfPage(scan, order, rest)
    const keys = last ? sql`${rest} and ${placeIn(order)} <= (${last.value}, ${last.row})` : rest
    await noticeKeys(scan, mark, order.index, keys).catch((cause) => {
      if (!isDeterministic(cause)) throw cause
      failures.push(cause)
    })
    if (last === undefined) return { failures, readTo: null }
    // The keys of one value are not divided between two scans: the next one begins above a value.
    if (page >= scan.pages && last.value - 1 > from) return { failures, readTo: last.value - 1 }
    after = last
  }
}

/** Where a page ends after which others follow. */
async function lastOfPage({ d1, perStatement }: Scan, order: Order, rest: SQL) {
  const { index, column } = order
  const [last] = await read<Place>(
    d1,
    sql`select ${column} as value, rowid as row from ${apiKey} indexed by ${sql.raw(index)}
      where ${rest} order by ${column}, rowid limit 1 offset ${perStatement - 1}`,
  )
  return last
}

const placeIn = ({ column }: Order) => sql`(${column}, ${apiKey}.rowid)`

type Place = { value: number; row: number }

/** All keys at once; after a deterministic failure, each account separately, and what fails again is due. */
async function noticeKeys(scan: Scan, mark: Mark, index: string, keys: SQL): Promise<void> {
  const { d1, nowMs, hasMail } = scan
  const insert = (some: SQL) => {
    const expiring = isExpiring(mark, some, nowMs)
    const { days } = mark
    const mail = hasMail ? insertExpiryMail({ days, index, keys: expiring }, nowMs) : []
    return write(d1, insertExpiring(days, index, expiring, nowMs), ...mail)
  }
  try {
    await insert(keys)
  } catch (cause) {
    if (!isDeterministic(cause)) throw cause
    const accounts = await read<{ id: string }>(
      d1,
      sql`select distinct ${apiKey.accountId} as id from ${apiKey} indexed by ${sql.raw(index)} where ${keys}`,
    )
    const notice = async (id: string) => {
      try {
        await insert(sql`${apiKey.accountId} = ${id} and ${keys}`)
      } catch (cause) {
        await write(
          d1,
          sql`insert or ignore into expiry_due (account_id, mark) values (${id}, ${newUuid})`,
        )
        throw cause
      }
    }
    await tryEach(
      'webhooks_not_noticed',
      'account',
      accounts.map(({ id }) => [id, () => notice(id)] as const),
    )
  }
}

function isExpiring({ days, until }: Mark, keys: SQL, nowMs: number): SQL {
  return sql`${keys} and not ${apiKey.disabled}
    and ${apiKey.expiresAt} > ${nowMs + until * dayMs} and ${apiKey.expiresAt} <= ${nowMs + days * dayMs}`
}

function insertExpiring(days: number, index: string, keys: SQL, nowMs: number): SQL {
  const detail = JSON.stringify({ within_days: days })
  return sql`
    insert into ${webhookEvent} (id, account_id, type, once_as, data, created_at)
    select ${newUuid}, ${apiKey.accountId}, 'key.expiring',
      'expiring/' || ${apiKey.id} || '/' || ${apiKey.expiresAt} || '/' || ${days},
      json_set(subject.data, '$.detail', json(${detail})), ${nowMs}
    from ${apiKey} indexed by ${sql.raw(index)}
      cross join webhook_subject as subject on subject.key_id = ${apiKey.id}
    where ${keys}
      and exists (select 1 from ${webhookEndpoint} where account_id = ${apiKey.accountId} and enabled)
    on conflict (once_as) do nothing`
}

function read<Row>(d1: D1Database, statement: SQL): Promise<Row[]> {
  return within('D1', readTimeoutMs, openPrimary(d1).all<Row>(statement))
}

async function write(d1: D1Database, ...statements: SQL[]): Promise<void> {
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

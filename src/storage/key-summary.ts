// How many active keys an account has, and how many of them need a look. What is read does not grow with the account: each
// count ends above 1,000, and what no index has in order is counted among a bounded number of keys.
import { type SQL, sql } from 'drizzle-orm'
import { environmentOf, environmentsOf } from '../core/environment.ts'
import type { TokenFormats } from '../core/foreign.ts'
import { isBounded } from '../core/grant.ts'
import { openPrimary } from './database.ts'
import { listed, type Reach, readable } from './key-reach.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

/** A count ends here. */
export const maxCounted = 1_000
/** Keys that one statement looks at, each in another place of the table. */
export const maxLookedAt = 5_000

/** `isMore`: there are more, or there may be: not all keys were looked at. */
export type Count = { keys: number; isMore: boolean }

/** Of the active keys that the actor reads. */
export type KeySummary = {
  active: Count
  expiring: Count
  neverUsed: Count
  unused: Count
  withoutExpiry: Count
  byEnvironment: Record<string, Count>
}

export type SummaryTimes = {
  now: number
  /** Until when an expiry is near. */
  soon: number
  /** Since when a key is unused that was neither used nor made later. */
  since: number
}

type Scope = { d1: D1Database; reach: Reach; times: SummaryTimes }

const readTimeoutMs = 2_000

export async function summariseKeys(
  d1: D1Database,
  reach: Reach,
  config: TokenFormats,
  times: SummaryTimes,
): Promise<KeySummary> {
  const scope = { d1, reach, times }
  const formats = await countByFormat(scope)
  if (isBounded(reach.manager?.bounds ?? null)) return summariseBounded(scope, formats, config)
  if (sumOf(formats, 'active') <= maxLookedAt) {
    return summaryOf(await look(scope, activeKeys(scope, formats)), config, false)
  }
  const [never = 0, before = 0] = await countRows(scope, [neverUsed(scope), usedBefore(scope)])
  const looked = [
    ...(await look(scope, neverUsed(scope))),
    ...(await look(scope, usedBefore(scope))),
  ]
  return {
    ...summaryOf(formats, config, false),
    neverUsed: countOf(sumOf(looked, 'neverUsed'), never > maxLookedAt),
    unused: countOf(sumOf(looked, 'unused'), never > maxLookedAt || before > maxLookedAt),
  }
}

/** A managing key with bounds: of the keys of a bound that has an index, those within all bounds. */
async function summariseBounded(scope: Scope, formats: Tally[], config: TokenFormats) {
  const { environments = null, externalIds = null } = scope.reach.manager?.bounds ?? {}
  const admitted = formats.filter(
    ({ format }) => environments?.includes(environmentOf(format, config)) ?? true,
  )
  let rows = activeKeys(scope, admitted)
  let count = sumOf(admitted, 'active')
  if (externalIds !== null) {
    const named = ofExternalIds(scope, externalIds)
    const [keys = 0] = await countRows(scope, [named])
    if (keys < count) [rows, count] = [named, keys]
  }
  // It reads itself, whatever its bounds.
  const itself = sql`select rowid from ${apiKey} where id = ${scope.reach.manager?.id ?? ''}`
  const looked = await look(scope, sql`${itself} union all select * from (${rows})`)
  return summaryOf(looked, config, count > maxLookedAt)
}

/** Of the active keys of one format. */
type Tally = {
  format: string
  active: number
  withoutExpiry: number
  expiring: number
  neverUsed: number
  unused: number
}

/** By index, each count up to one more than can be looked at. What was used when is not in the index. */
async function countByFormat({ d1, reach, times }: Scope): Promise<Tally[]> {
  const { accountId } = reach
  const { now, soon } = times
  const ofFormat = (expiry: SQL) => sql`(select count(*) from (select 1
    from ${apiKey} indexed by api_key_by_format where account_id = ${accountId}
      and format = format_held.format and revoked_at is null and disabled = 0 and ${expiry}
    limit ${maxLookedAt + 1}))`
  const next = (where: SQL) => sql`(select format from ${apiKey} indexed by api_key_by_format
    where account_id = ${accountId} ${where} order by format limit 1)`
  const query = openPrimary(d1).all<
    Pick<Tally, 'format' | 'withoutExpiry' | 'expiring'> & { later: number }
  >(sql`
    with recursive format_held (format) as (
      select ${next(sql``)}
      union all
      select ${next(sql`and format > format_held.format`)} from format_held
        where format_held.format is not null
    )
    select format,
      ${ofFormat(sql`expires_at is null`)} as withoutExpiry,
      ${ofFormat(sql`expires_at > ${now} and expires_at <= ${soon}`)} as expiring,
      ${ofFormat(sql`expires_at > ${soon}`)} as later
    from format_held where format is not null`)
  const rows = await within('D1', readTimeoutMs, query)
  return rows.map(({ later, ...row }) => ({
    ...row,
    active: row.withoutExpiry + row.expiring + later,
    ...{ neverUsed: 0, unused: 0 },
  }))
}

/** Of at most `maxLookedAt` keys: those that are active and that the actor reads. */
async function look({ d1, reach, times }: Scope, rows: SQL): Promise<Tally[]> {
  const { now, soon, since } = times
  const query = openPrimary(d1).all<Tally>(sql`
    select format, count(*) as active,
      sum(expires_at is null) as withoutExpiry,
      sum(coalesce(expires_at <= ${soon}, 0)) as expiring,
      sum(last_used_at is null) as neverUsed,
      sum(coalesce(last_used_at, created_at) <= ${since}) as unused
    from ${apiKey} where ${apiKey}.rowid in (select * from (${rows}) limit ${maxLookedAt + 1})
      and +account_id = ${reach.accountId} and revoked_at is null and disabled = 0
      and (expires_at is null or expires_at > ${now}) and ${readable(reach) ?? sql`1`}
    group by +format`)
  return within('D1', readTimeoutMs, query)
}

/** How many there are, counted up to one more than can be looked at. */
async function countRows({ d1 }: Scope, rows: readonly SQL[]): Promise<number[]> {
  const count = (each: SQL, at: number) =>
    sql`(select count(*) from (${each} limit ${maxLookedAt + 1})) as ${sql.raw(`c${at}`)}`
  const query = openPrimary(d1).get<Record<string, number>>(
    sql`select ${sql.join(rows.map(count), sql`, `)}`,
  )
  return Object.values(await within('D1', readTimeoutMs, query))
}

function activeKeys({ reach, times }: Scope, formats: readonly Tally[]): SQL {
  const enabled = sql`select rowid from ${apiKey} indexed by api_key_by_format
    where account_id = ${reach.accountId} and format in ${listed(formats.map(({ format }) => format))}
      and revoked_at is null and disabled = 0`
  return sql`${enabled} and expires_at is null union all ${enabled} and expires_at > ${times.now}`
}

// Of all keys of the account in any state. Newest first, since older ones are more often revoked or expired.
function neverUsed({ reach }: Scope): SQL {
  return sql`select rowid from ${apiKey} indexed by api_key_by_use
    where account_id = ${reach.accountId} and last_used_at is null order by rowid desc`
}

function usedBefore({ reach, times }: Scope): SQL {
  return sql`select rowid from ${apiKey} indexed by api_key_by_use
    where account_id = ${reach.accountId} and last_used_at <= ${times.since} order by last_used_at desc`
}

function ofExternalIds({ reach }: Scope, externalIds: readonly string[]): SQL {
  return sql`select rowid from ${apiKey} indexed by api_key_by_external_id
    where account_id = ${reach.accountId} and external_id in ${listed(externalIds)}
      and revoked_at is null`
}

function sumOf(tallies: readonly Tally[], name: Exclude<keyof Tally, 'format'>): number {
  return tallies.reduce((sum, tally) => sum + tally[name], 0)
}

function countOf(keys: number, isCut: boolean): Count {
  return { keys: Math.min(keys, maxCounted), isMore: isCut || keys > maxCounted }
}

function summaryOf(tallies: readonly Tally[], config: TokenFormats, isCut: boolean): KeySummary {
  const count = (name: Exclude<keyof Tally, 'format'>, of = tallies) =>
    countOf(sumOf(of, name), isCut)
  const inEnvironment = (environment: string) =>
    tallies.filter(({ format }) => environmentOf(format, config) === environment)
  return {
    active: count('active'),
    expiring: count('expiring'),
    neverUsed: count('neverUsed'),
    unused: count('unused'),
    withoutExpiry: count('withoutExpiry'),
    byEnvironment: Object.fromEntries(
      environmentsOf(config).map((name) => [name, count('active', inEnvironment(name))]),
    ),
  }
}

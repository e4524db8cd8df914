// Reads the audit trail. The batch of each change writes it.
import { and, desc, eq, getTableColumns, gte, isNotNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { openPrimary } from './database.ts'
import { type Reach, readable } from './key-reach.ts'
import { type Looked, maxLooked } from './look-through.ts'
import { user } from './people-schema.ts'
import { apiKey, auditEvent } from './schema.ts'
import { within } from './unavailable.ts'

export type AuditEvent = typeof auditEvent.$inferSelect & {
  actorName: string | null
  subjectName: string | null
  keyName: string | null
}

export type AuditFilter = {
  keyId?: string | undefined
  actorId?: string | undefined
  action?: string | undefined
  /** ms since 1970: at or after `from`, and before `to`. */
  from?: number | undefined
  to?: number | undefined
}

// Current names; people who were deleted have none.
const actor = alias(user, 'actor')
const subject = alias(user, 'subject')
const actingKey = alias(apiKey, 'acting_key')

/** For the platform, which manages the keys of an account and not its people. */
const withoutPeople = {
  event: {
    ...getTableColumns(auditEvent),
    detail: sql`json_remove(${auditEvent.detail}, '$.email')`.mapWith(auditEvent.detail),
  },
  actorName: sql<string | null>`${actingKey.name}`,
  subjectName: sql<null>`null`,
}

/** SQLite numbers rows as they are inserted, which orders the events of one millisecond. */
const insertion = sql`${auditEvent}.rowid`

const readTimeoutMs = 2_000

type Position = { createdAt: number; id: string }
type Page = { limit: number; after: Position | null }

/** Up to `limit` events of the account, newest first, beginning after a position. */
export async function listEvents(
  d1: D1Database,
  reach: Reach,
  filter: AuditFilter,
  page: Page,
): Promise<Looked<AuditEvent, Position>> {
  const lookedTo = await endOfLook(d1, reach, filter, page)
  const isRead = readable(reach)
  const query = openPrimary(d1)
    .select({
      event: auditEvent,
      // Who acts for the platform is its own affair.
      actorName: sql<string | null>`case when ${auditEvent.actorKind} = 'platform' then null
        else coalesce(${actor.name}, ${actingKey.name}) end`,
      subjectName: subject.name,
      // Of its own acts, a key with bounds also reads those on keys that it does not read.
      keyName: isRead
        ? sql<string | null>`case when ${isRead} then ${apiKey.name} end`
        : apiKey.name,
      ...(reach.manager?.isForeign && withoutPeople),
    })
    .from(auditEvent)
    .leftJoin(actor, eq(actor.id, auditEvent.actorId))
    .leftJoin(actingKey, eq(actingKey.id, auditEvent.actorId))
    .leftJoin(subject, eq(subject.id, auditEvent.subjectId))
    .leftJoin(apiKey, eq(apiKey.id, auditEvent.keyId))
    .where(sql`${insertion} in (${rowsOfPage(reach, filter, page, lookedTo)})`)
    .orderBy(desc(auditEvent.createdAt), desc(insertion))
    .all()
  const found = await within('D1', readTimeoutMs, query)
  return { rows: found.map(({ event, ...names }) => ({ ...event, ...names })), lookedTo }
}

function rowsOfPage(
  reach: Reach,
  filter: AuditFilter,
  { limit, after }: Page,
  lookedTo: Position | null,
): SQL {
  const reached = ofReach(reach)
  const withKey = reached && sql`left join ${apiKey} on ${apiKey.id} = ${auditEvent.keyId}`
  const where = and(
    eq(auditEvent.accountId, reach.accountId),
    reached,
    ...conditionsOf(filter).map(({ where }) => where),
    inSpan(filter, after, lookedTo),
  )
  return sql`select ${insertion} from ${auditEvent} indexed by ${indexOf(filter)} ${withKey}
    where ${where} ${newestFirst} limit ${limit}`
}

const place = sql`(${auditEvent.createdAt}, ${insertion})`
const newestFirst = sql`order by ${auditEvent.createdAt} desc, ${insertion} desc`

function placeOf({ createdAt, id }: Position): SQL {
  return sql`(${createdAt}, (select rowid from ${auditEvent} where ${auditEvent.id} = ${id}))`
}

/**
 * What is read of the time that the filter spans. Each side has one condition, since an index is entered by one: the
 * event after which a page begins is before `to`, and the last that a page looks at is not before `from`.
 */
function inSpan({ from, to }: AuditFilter, after: Position | null, lookedTo: Position | null) {
  const { createdAt } = auditEvent
  const isFrom = from === undefined ? undefined : gte(createdAt, from)
  const isBefore = to === undefined ? undefined : lt(createdAt, to)
  return and(
    after === null ? isBefore : sql`${place} < ${placeOf(after)}`,
    lookedTo === null ? isFrom : sql`${place} >= ${placeOf(lookedTo)}`,
  )
}

/** One condition has an index; of several, the first one's is looked through. */
function conditionsOf({ keyId, actorId, action }: AuditFilter): { where: SQL; index: string }[] {
  const { keyId: key, actorId: actor, action: act } = auditEvent
  return [
    ...(keyId === undefined ? [] : [{ where: eq(key, keyId), index: 'audit_event_by_key' }]),
    ...(actorId === undefined
      ? []
      : [{ where: eq(actor, actorId), index: 'audit_event_by_actor' }]),
    ...(action === undefined ? [] : [{ where: eq(act, action), index: 'audit_event_by_action' }]),
  ]
}

/** Named: SQLite's own choice for a page could be another one than that which the look has bounded. */
function indexOf(filter: AuditFilter): SQL {
  return sql.raw(conditionsOf(filter)[0]?.index ?? 'audit_event_by_account')
}

/** The last event that a page looks at; null: it need not end there. */
async function endOfLook(d1: D1Database, reach: Reach, filter: AuditFilter, { after }: Page) {
  const [first, ...others] = conditionsOf(filter)
  if (others.length === 0 && ofReach(reach) === undefined) return null
  const ofAccount = eq(auditEvent.accountId, reach.accountId)
  const where = and(ofAccount, first?.where, inSpan(filter, after, null))
  const query = openPrimary(d1).get<Position | undefined>(sql`
    select created_at as createdAt, id from ${auditEvent} indexed by ${indexOf(filter)}
    where ${where} ${newestFirst} limit 1 offset ${maxLooked - 1}`)
  return (await within('D1', readTimeoutMs, query)) ?? null
}

/** A managing key with bounds, and one of the platform, reads what concerns the keys that it reads, and its own acts. */
function ofReach(reach: Reach): SQL | undefined {
  const { manager } = reach
  const ofKeys = manager?.isForeign ? isNotNull(auditEvent.keyId) : undefined
  const keys = readable(reach) ?? ofKeys
  if (keys === undefined || manager === null) return undefined
  return or(keys, eq(auditEvent.actorId, manager.id))
}

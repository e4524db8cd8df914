// D1 as the place where keys change. A change is one batch: the sequence is bumped, the rows change,
// the audit rows and the raises still to be made are written, and what changed is read back.
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import { build, type Database, newUuid, openPrimary, runBatch } from './database.ts'
import { apiKey, auditEvent, fence, pendingRaise, sequence } from './schema.ts'
import { within } from './unavailable.ts'

export type NewKey = Omit<typeof apiKey.$inferInsert, 'seq'>
export type KeyPatch = Partial<
  Omit<typeof apiKey.$inferInsert, 'id' | 'digest' | 'seq' | 'accountId' | 'createdAt'>
>

/** Which keys of an account a change concerns. */
export type Selection =
  | { by: 'version'; id: string; seq: number }
  | { by: 'ids'; ids: readonly string[] }
  | { by: 'creator'; createdBy: string }
  | { by: 'externalId'; externalId: string }
  | { by: 'account' }

export type Change = {
  accountId: string
  selection: Selection
  patch: KeyPatch
  /** A key that takes the changed one's place, stored only if the change takes place. */
  successor?: NewKey
  audit: AuditEntry
  nowMs: number
}

/** A fence that has not yet been known to hold a change; digest `*` stands for all it guards. */
export type PendingRaise = { fence: string; region: string; digest: string; seq: number }

export type KeyChanges = {
  create(key: NewKey, audit: AuditEntry, nowMs: number): Promise<void>
  /** Digests of the keys that the change changed: none when the selection met no row. */
  commit(change: Change): Promise<string[]>
  /** Raises still to be made for these digests, or for all of an account, or for everybody. */
  pending(of: readonly string[] | { accountId: string } | 'all'): Promise<PendingRaise[]>
  /** Takes note that fences hold these raises; one that was raised further since stays. */
  settled(raises: readonly PendingRaise[]): Promise<void>
}

const writeLimitMs = 10_000
/** Above this many keys a change raises all that a fence guards, in one row instead of one a key. */
const maxSingleRaises = 1_000

export function createKeyChanges(d1: D1Database): KeyChanges {
  const run = <T>(work: PromiseLike<T>) => within('D1', writeLimitMs, work)
  return {
    async create(key, audit, nowMs) {
      const insert = build.insert(apiKey).values({ ...key, seq: currentSequence })
      await run(runBatch(d1, [bump(nowMs), insert, recordChanges(audit, nowMs)]))
    },
    async commit(change) {
      const changed = await run(runBatch<{ digest: string }>(d1, statementsOf(change)))
      return changed.map(({ digest }) => digest)
    },
    pending(of) {
      return run(readPending(openPrimary(d1), of))
    },
    async settled(raises) {
      if (raises.length > 0) await run(runBatch(d1, [removeRaises(raises)]))
    },
  }
}

/** The counter as this batch has bumped it: what marks the rows that this batch changed. */
export const currentSequence = sql<number>`(select ${sequence.value} from ${sequence})`

// The clock keeps a restored backup from handing a number out twice.
export function bump(nowMs: number) {
  return build
    .insert(sequence)
    .values({ id: 1, value: nowMs })
    .onConflictDoUpdate({
      target: sequence.id,
      set: { value: sql`max(${sequence.value} + 1, excluded.value)` },
    })
}

function statementsOf(change: Change) {
  const { patch, successor, audit, nowMs } = change
  const update = build
    .update(apiKey)
    .set({ ...patch, seq: currentSequence })
    .where(selected(change))
  return [
    bump(nowMs),
    update,
    recordChanges(audit, nowMs),
    leaveRaises(nowMs),
    ...(successor === undefined ? [] : [insertSuccessor(successor)]),
    build
      .select({ digest: apiKey.digest })
      .from(apiKey)
      .where(
        and(eq(apiKey.seq, currentSequence), successor && sql`${apiKey.id} <> ${successor.id}`),
      ),
  ]
}

function selected({ accountId, selection }: Change): SQL | undefined {
  const ofAccount = eq(apiKey.accountId, accountId)
  // A bulk change is a revocation, and what is revoked stays as it is.
  const inForce = and(ofAccount, isNull(apiKey.revokedAt))
  switch (selection.by) {
    case 'version':
      return and(ofAccount, eq(apiKey.id, selection.id), eq(apiKey.seq, selection.seq))
    case 'ids':
      // The + keeps SQLite from reading the whole account to find a few of its keys.
      return and(
        sql`+${apiKey.accountId} = ${accountId}`,
        isNull(apiKey.revokedAt),
        inArray(apiKey.id, listed(selection.ids)),
      )
    case 'creator':
      return and(inForce, eq(apiKey.createdBy, selection.createdBy))
    case 'externalId':
      return and(inForce, eq(apiKey.externalId, selection.externalId))
    case 'account':
      return inForce
  }
}

/** A list as one bound parameter: D1 takes at most 100 of them a statement. */
function listed(values: readonly string[]): SQL {
  return sql`(select value from json_each(${JSON.stringify(values)}))`
}

export const changedNow = eq(apiKey.seq, currentSequence)

/** An audit row for each row that this batch changed, with the detail of the entry or one of its own. */
export function recordChanges(audit: AuditEntry, nowMs: number, own?: SQL) {
  const detail = own ?? sql`${json(audit.detail)}`
  return sql`
    insert into ${auditEvent}
      (id, account_id, action, actor_kind, actor_id, key_id, detail, request_id, created_at)
    select ${newUuid}, ${apiKey.accountId}, ${audit.action}, ${audit.actorKind}, ${audit.actorId},
      ${apiKey.id}, ${detail}, ${audit.requestId}, ${nowMs}
    from ${apiKey} where ${changedNow}`
}

// The fences are listed inside the batch: one that registers later starts above this sequence.
function leaveRaises(nowMs: number) {
  const few = sql`(select count(*) from ${apiKey} where ${changedNow}) <= ${maxSingleRaises}`
  return sql`
    insert into ${pendingRaise} (fence, digest, seq, created_at)
    select ${fence.name}, ${apiKey.digest}, ${apiKey.seq}, ${nowMs}
      from ${fence}, ${apiKey} where ${changedNow} and ${few}
    union all
    select ${fence.name}, '*', ${currentSequence}, ${nowMs} from ${fence} where not ${few}
    on conflict (digest, fence) do update set seq = excluded.seq`
}

function insertSuccessor(key: NewKey) {
  // Only when the predecessor's row did change: the lost race must not leave a key behind.
  return sql`
    insert into ${apiKey} (id, digest, seq, account_id, name, format, key_prefix, scopes, disabled,
      allowed_ips, external_id, metadata, rate_limit, credits, limits_by, meter_id, created_by,
      created_at, expires_at)
    select ${key.id}, ${key.digest}, ${currentSequence}, ${key.accountId}, ${key.name},
      ${key.format}, ${key.keyPrefix}, ${json(key.scopes)}, 0, ${json(key.allowedIps)},
      ${key.externalId ?? null}, ${json(key.metadata)}, ${json(key.rateLimit)}, ${json(key.credits)},
      ${key.limitsBy ?? 'key'}, ${key.meterId ?? null}, ${key.createdBy ?? null}, ${key.createdAt},
      ${key.expiresAt ?? null}
    where exists (select 1 from ${apiKey} where ${changedNow})`
}

function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}

function readPending(db: Database, of: readonly string[] | { accountId: string } | 'all') {
  return db
    .select({
      fence: pendingRaise.fence,
      region: sql<string>`coalesce(${fence.region}, ${pendingRaise.fence})`,
      digest: pendingRaise.digest,
      seq: pendingRaise.seq,
    })
    .from(pendingRaise)
    .leftJoin(fence, eq(fence.name, pendingRaise.fence))
    .where(of === 'all' ? undefined : concerns(of))
    .all()
}

function concerns(of: readonly string[] | { accountId: string }): SQL {
  const digests =
    'accountId' in of
      ? sql`(select ${apiKey.digest} from ${apiKey} where ${apiKey.accountId} = ${of.accountId})`
      : listed(of)
  return sql`(${pendingRaise.digest} in ${digests} or ${pendingRaise.digest} = '*')`
}

function removeRaises(raises: readonly PendingRaise[]): SQL {
  const held = JSON.stringify(raises.map(({ fence, digest, seq }) => ({ fence, digest, seq })))
  return sql`
    delete from ${pendingRaise} where rowid in (
      select pending.rowid from json_each(${held}) as held join ${pendingRaise} as pending
      on pending.digest = held.value ->> 'digest' and pending.fence = held.value ->> 'fence'
        and pending.seq <= held.value ->> 'seq')`
}

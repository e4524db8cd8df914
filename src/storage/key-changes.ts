// Writes of keys to D1. A change is one batch: it bumps the sequence, updates the rows, inserts the audit events and
// the pending raises, and returns the digests of the changed rows.
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { foldForSearch } from '../core/text.ts'
import { build, type Database, newUuid, openPrimary, runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import { changeable, listed, madeKeys, type Reach } from './key-reach.ts'
import { apiKey, auditEvent, fence, pendingRaise, sequence } from './schema.ts'
import { within } from './unavailable.ts'

export type NewKey = Omit<typeof apiKey.$inferInsert, 'seq' | 'nameFolded'>
export type KeyPatch = Partial<
  Omit<
    typeof apiKey.$inferInsert,
    'id' | 'digest' | 'seq' | 'nameFolded' | 'accountId' | 'createdAt'
  >
>

/** Which keys of an account a change concerns. */
export type Selection =
  | { by: 'version'; id: string; seq: number }
  | { by: 'ids'; ids: readonly string[] }
  | NamedSelection
  | { by: 'account' }

/** Keys that share an attribute. */
export type NamedSelection =
  | { by: 'creator'; createdBy: string }
  | { by: 'maker'; madeBy: string }
  | { by: 'externalId'; externalId: string }

export type LimitedMaker = { madeBy: string; maxKeys: number }

export type Change = {
  accountId: string
  selection: Selection
  /** Of a bulk change: the keys that the actor changes; absent: all. */
  reach?: Reach
  patch: KeyPatch
  /** The key that replaces the changed one; stored only if a row changed. */
  successor?: NewKey
  /** Changes nothing when this maker of the successor has as many keys as it may. */
  maker?: LimitedMaker
  audit: AuditEntry
  /** Recorded with the successor, only if a row changed. */
  request?: IdempotentRequest | null | undefined
  nowMs: number
}

export type CreateOptions = {
  /** null: any number. */
  maxKeys?: number | null
  request?: IdempotentRequest | null
}

/** A raise that a fence has not acknowledged; digest `*` stands for every key. */
export type PendingRaise = { fence: string; region: string; digest: string; seq: number }

export type KeyChanges = {
  /** @returns false, and stores nothing, when its maker has as many keys as `maxKeys`. */
  create(key: NewKey, audit: AuditEntry, nowMs: number, options?: CreateOptions): Promise<boolean>
  hasRoom(maker: LimitedMaker): Promise<boolean>
  /** @returns the digests of the changed keys; none when the selection matched no row. */
  commit(change: Change): Promise<string[]>
  /** The pending raises of these digests, of all keys of an account, or of all keys. */
  pending(of: readonly string[] | { accountId: string } | 'all'): Promise<PendingRaise[]>
  /** Removes raises that fences have acknowledged; one with a higher sequence by now stays. */
  settled(raises: readonly PendingRaise[]): Promise<void>
}

const writeTimeoutMs = 10_000
/** A change of more keys raises every key, with one row per fence instead of one per fence and key. */
const maxSingleRaises = 1_000

export function createKeyChanges(d1: D1Database): KeyChanges {
  const run = <T>(work: PromiseLike<T>) => within('D1', writeTimeoutMs, work)
  return {
    async create(key, audit, nowMs, { maxKeys = null, request = null } = {}) {
      const room = maxKeys === null ? sql`1` : roomOf({ madeBy: key.madeBy ?? '', maxKeys })
      const insert = insertKey(key, room)
      const stored = build.select({ id: apiKey.id }).from(apiKey).where(changedNow)
      const rows = await run(
        runBatch(d1, [
          bump(nowMs),
          insert,
          recordChanges(audit, nowMs),
          ...recordRequest(request, key.id, nowMs, anyChanged),
          stored,
        ]),
      )
      return rows.length > 0
    },
    async hasRoom(maker) {
      const rows = await run(
        openPrimary(d1).all<{ room: number }>(sql`select ${roomOf(maker)} as room`),
      )
      return rows[0]?.room === 1
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

function roomOf({ madeBy, maxKeys }: LimitedMaker): SQL {
  return sql`${madeKeys(madeBy)} < ${maxKeys}`
}

/** The counter as bumped by this batch: it marks the rows that this batch changed. */
export const currentSequence = sql<number>`(select ${sequence.value} from ${sequence})`

// The clock keeps a restored backup from issuing a number twice.
export function bump(nowMs: number) {
  return build
    .insert(sequence)
    .values({ id: 1, value: nowMs })
    .onConflictDoUpdate({
      target: sequence.id,
      set: { value: sql`max(${sequence.value} + 1, excluded.value)` },
    })
}

/** The folded name that is written with a name; a trigger clears one that is not. */
export function folded({ name }: { name?: string | undefined }): { nameFolded?: string } {
  return name === undefined ? {} : { nameFolded: foldForSearch(name) }
}

function statementsOf(change: Change) {
  const { patch, successor, audit, request, nowMs } = change
  const update = build
    .update(apiKey)
    .set({ ...patch, ...folded(patch), seq: currentSequence })
    .where(selected(change))
  return [
    bump(nowMs),
    update,
    recordChanges(audit, nowMs),
    leaveRaises(nowMs),
    // Only if the row of the predecessor changed: a lost race must not leave a successor behind.
    ...(successor === undefined
      ? []
      : [
          insertKey(successor, anyChanged),
          ...recordRequest(request, successor.id, nowMs, anyChanged),
        ]),
    build
      .select({ digest: apiKey.digest })
      .from(apiKey)
      .where(
        and(eq(apiKey.seq, currentSequence), successor && sql`${apiKey.id} <> ${successor.id}`),
      ),
  ]
}

function selected({ accountId, selection, reach, maker }: Change): SQL | undefined {
  const ofAccount = eq(apiKey.accountId, accountId)
  const reached = reach && changeable(reach)
  // A bulk change is a revocation, which leaves revoked keys as they are.
  const inForce = and(ofAccount, isNull(apiKey.revokedAt), reached)
  switch (selection.by) {
    case 'version':
      return and(
        ofAccount,
        eq(apiKey.id, selection.id),
        eq(apiKey.seq, selection.seq),
        maker && roomOf(maker),
      )
    case 'ids':
      // The + keeps SQLite from choosing the account's index, which would read all keys of the account.
      return and(
        sql`+${apiKey.accountId} = ${accountId}`,
        isNull(apiKey.revokedAt),
        inArray(apiKey.id, listed(selection.ids)),
        reached,
      )
    case 'creator':
      return and(inForce, eq(apiKey.createdBy, selection.createdBy))
    case 'maker':
      return and(inForce, eq(apiKey.madeBy, selection.madeBy))
    case 'externalId':
      return and(inForce, eq(apiKey.externalId, selection.externalId))
    case 'account':
      return inForce
  }
}

export const changedNow = eq(apiKey.seq, currentSequence)
const anyChanged = sql`exists (select 1 from ${apiKey} where ${changedNow})`

/** Inserts an audit event for each row that this batch changed; `own` is a detail that differs by row. */
export function recordChanges(audit: AuditEntry, nowMs: number, own?: SQL) {
  const detail = own ?? sql`${json(audit.detail)}`
  return sql`
    insert into ${auditEvent}
      (id, account_id, action, actor_kind, actor_id, key_id, detail, request_id, created_at)
    select ${newUuid}, ${apiKey.accountId}, ${audit.action}, ${audit.actorKind}, ${audit.actorId},
      ${apiKey.id}, ${detail}, ${audit.requestId}, ${nowMs}
    from ${apiKey} where ${changedNow}`
}

// Selects the fences inside the batch: one that registers later starts above this sequence.
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

/** Stores a key where the condition holds. */
function insertKey(key: NewKey, condition: SQL) {
  return sql`
    insert into ${apiKey} (id, digest, seq, account_id, name, name_folded, format, key_prefix, scopes, disabled,
      allowed_ips, external_id, metadata, rate_limit, credits, limits_by, meter_id, may_grant, made_by,
      granted_by, needs_review, created_by, created_at, expires_at)
    select ${key.id}, ${key.digest}, ${currentSequence}, ${key.accountId}, ${key.name},
      ${foldForSearch(key.name)}, ${key.format}, ${key.keyPrefix}, ${json(key.scopes)}, ${key.disabled ? 1 : 0},
      ${json(key.allowedIps)}, ${key.externalId ?? null}, ${json(key.metadata)},
      ${json(key.rateLimit)}, ${json(key.credits)}, ${key.limitsBy ?? 'key'}, ${key.meterId ?? null},
      ${json(key.mayGrant)}, ${key.madeBy ?? null}, ${key.grantedBy ?? null},
      ${key.needsReview ? 1 : 0}, ${key.createdBy ?? null}, ${key.createdAt}, ${key.expiresAt ?? null}
    where ${condition}`
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

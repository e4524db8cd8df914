// Writes of keys to D1. A change is one batch: it bumps the sequence, updates the rows, inserts the audit events and
// the pending raises, and returns the digests of the changed rows.
import { and, type SQL, sql } from 'drizzle-orm'
import type { PortalCustomer } from '../core/actor.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { foldForSearch } from '../core/text.ts'
import { build, newUuid, openPrimary, runBatch, runWholeBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import { insertLeakMail } from './key-mail.ts'
import { listed, type Reach } from './key-reach.ts'
import {
  isBounded,
  type LimitedMaker,
  roomOf,
  type Selection,
  selectedBy,
} from './key-selection.ts'
import { type LookedTo, nextReached } from './named-keys.ts'
import {
  type Concerned,
  concerns,
  leaveRaises,
  type PendingRaise,
  readPending,
  removeRaises,
} from './pending-raises.ts'
import { hasRoomFor } from './portal-conditions.ts'
import { endingSessions } from './portal-sessions.ts'
import { apiKey, auditEvent } from './schema.ts'
import { bump, changedNow, currentSequence } from './sequence.ts'
import { within } from './unavailable.ts'

export type NewKey = Omit<typeof apiKey.$inferInsert, 'seq' | 'nameFolded'>
export type KeyPatch = Partial<
  Omit<
    typeof apiKey.$inferInsert,
    'id' | 'digest' | 'seq' | 'nameFolded' | 'accountId' | 'createdAt'
  >
>

export type Change = {
  accountId: string
  selection: Selection
  /** Of a bulk change: the keys that the actor changes; absent: all. */
  reach?: Reach
  /** Of a bulk change by an actor with bounds: where the last batch ended. */
  after?: LookedTo | null
  patch: KeyPatch
  /** The key that replaces the changed one; stored only if a row changed. */
  successor?: NewKey
  /** Changes nothing when this maker of the successor has as many keys as it may. */
  maker?: LimitedMaker
  /** Changes nothing once the session of this customer has ended. */
  portal?: PortalCustomer
  /** null: no event, of the canary. */
  audit: AuditEntry | null
  /** Mails the owners and the creators of the changed keys that their tokens were found. */
  mailsLeak?: boolean
  /** Recorded with the successor, only if a row changed. */
  request?: IdempotentRequest | null | undefined
  nowMs: number
}

export type CreateOptions = {
  /** null: any number. */
  maxKeys?: number | null
  /** The customer for whom it is stored: while their session is in force and they have not as many keys as they may. */
  portal?: PortalCustomer
  request?: IdempotentRequest | null
}

/** The digests of the changed keys (none when the selection matched no row), and what is pending for them. */
export type Committed = {
  digests: string[]
  pending: PendingRaise[]
  /** Of a bulk change: the batch was full, and the selection may match further keys. */
  hasMore: boolean
  /** Where the next batch begins, of an actor with bounds. */
  lookedTo?: LookedTo | null
}

export type KeyChanges = {
  /** @returns false, and stores nothing, when its maker or the customer has as many keys as they may. */
  create(
    key: NewKey,
    audit: AuditEntry | null,
    nowMs: number,
    options?: CreateOptions,
  ): Promise<boolean>
  hasRoom(maker: LimitedMaker): Promise<boolean>
  /**
   * A bulk change writes one batch of keys. Its `pending` is that of the whole account: an earlier batch or a lost
   * answer may have left something.
   */
  commit(change: Change): Promise<Committed>
  pending(of: Concerned): Promise<PendingRaise[]>
  /** Removes raises that fences have acknowledged; one with a higher sequence by now stays. */
  settled(raises: readonly PendingRaise[]): Promise<void>
}

const writeTimeoutMs = 10_000
/** D1 writes one batch at a time, and every other change waits for it. */
const maxPerBatch = 5_000

/** @param perBatch how many keys of a bulk change one batch writes. */
export function createKeyChanges(d1: D1Database, perBatch = maxPerBatch): KeyChanges {
  const run = <T>(work: PromiseLike<T>) => within('D1', writeTimeoutMs, work)
  return {
    async create(key, audit, nowMs, { request = null, ...room } = {}) {
      const insert = insertKey(key, roomFor(key, room, nowMs))
      const stored = build.select({ id: apiKey.id }).from(apiKey).where(changedNow)
      const rows = await run(
        runBatch(d1, [
          bump(nowMs),
          insert,
          ...(audit === null ? [] : [recordChanges(audit, nowMs)]),
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
      const ending = endingSessions(change)
      // What is looked up before the batch: no customer makes another key in between.
      if (change.reach?.manager && ending.length > 0) await run(runBatch(d1, ending))
      const reached = await nextReached(d1, change, perBatch)
      const selection: Selection = reached ? { by: 'ids', ids: reached.ids } : change.selection
      const statements = [...ending, ...statementsOf({ ...change, selection }, perBatch)]
      const [changed, pending] = (await run(runWholeBatch(d1, statements))).slice(-2)
      const digests = (changed as { digest: string }[]).map(({ digest }) => digest)
      const lookedTo = reached?.lookedTo ?? null
      const isFull = isBounded(selection) && digests.length === perBatch
      return {
        ...{ digests, pending: pending as PendingRaise[] },
        ...{ hasMore: isFull || lookedTo !== null, lookedTo },
      }
    },
    pending(of) {
      const named = of === 'all' || of.digests === undefined ? undefined : listed(of.digests)
      const condition = of === 'all' ? undefined : concerns({ ...of, digests: named })
      return run(readPending(openPrimary(d1), condition).all())
    },
    async settled(raises) {
      if (raises.length > 0) await run(runBatch(d1, [removeRaises(raises)]))
    },
  }
}

/** Whether its maker and its customer may have another key. */
function roomFor(
  { madeBy, accountId }: NewKey,
  { maxKeys = null, portal }: CreateOptions,
  nowMs: number,
): SQL {
  const ofMaker = maxKeys === null ? sql`1` : roomOf({ madeBy: madeBy ?? '', maxKeys })
  return portal ? sql`${ofMaker} and ${hasRoomFor(portal, accountId, nowMs)}` : ofMaker
}

/** The folded name that is written with a name; a trigger clears one that is not. */
export function folded({ name }: { name?: string | undefined }): { nameFolded?: string } {
  return name === undefined ? {} : { nameFolded: foldForSearch(name) }
}

function statementsOf(change: Change, perBatch: number) {
  const { patch, successor, audit, request, nowMs } = change
  const update = build
    .update(apiKey)
    .set({ ...patch, ...folded(patch), seq: currentSequence })
    .where(selectedBy(change, perBatch))
  return [
    bump(nowMs),
    update,
    ...(audit === null ? [] : [recordChanges(audit, nowMs)]),
    ...(change.mailsLeak ? [insertLeakMail(leakOf(audit), nowMs)] : []),
    leaveRaises(change),
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
      .where(and(changedNow, successor && sql`${apiKey.id} <> ${successor.id}`)),
    readPending(build, concernedBy(change)),
  ]
}

/** Where the tokens were found. */
function leakOf(audit: AuditEntry | null): { url: unknown; source: unknown } {
  const { url, source } = (audit?.detail ?? {}) as { url?: unknown; source?: unknown }
  return { url, source }
}

function concernedBy({ accountId, selection }: Change): SQL {
  if (selection.by !== 'version') return concerns({ accountId })
  const digests = sql`(select ${apiKey.digest} from ${apiKey} where ${changedNow})`
  return concerns({ accountId, digests })
}

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

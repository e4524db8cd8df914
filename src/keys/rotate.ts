// Rotates a key: a successor with a new token, while the old token works until the overlap ends.
import { auditEntry, type Caller } from '../core/audit.ts'
import type { Precondition } from '../core/etag.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { LimitedMaker } from '../storage/key-selection.ts'
import { type ListedKey, statusOf } from '../storage/key-store.ts'
import { type ChangeStores, changeOne, type NotDone, type Plan, type Progress } from './change.ts'
import { refuseVersion } from './if-match.ts'
import { type KeySettings, mintKey } from './mint.ts'
import { grantor, isVisible, refuseGrant } from './powers.ts'
import type { Refusal } from './refusal.ts'

/** `token` and `id` are the successor's. */
export type RotateResult =
  | { kind: 'done'; progress: Progress; token: string; id: string }
  | NotDone<Refusal>

export type Rotation = {
  /** How long the old token keeps working, at most until its own expiry. */
  overlapMs: number
  ifMatch?: Precondition | null
  request?: IdempotentRequest | null
}

/** Why the caller may not rotate this key, whatever its state; null when they may. @throws StoreUnavailable */
export async function refuseRotating(
  stores: Pick<ChangeStores, 'find'>,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  caller: Caller,
  id: string,
): Promise<NotDone<Refusal> | null> {
  const key = await stores.find(caller.actor.accountId, id)
  if (key === null || !isVisible(caller.actor, key, settings)) return { kind: 'not_found' }
  const refusal = refuseNewToken(caller, settings, key)
  return refusal === null ? null : { kind: 'refused', refusal }
}

/**
 * @throws StoreUnavailable when D1 does not answer; the key may then be rotated.
 */
export async function rotateKey(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  id: string,
  { overlapMs, ifMatch = null, request = null }: Rotation,
): Promise<RotateResult> {
  const target = { accountId: caller.actor.accountId, id }
  const before = await stores.find(target.accountId, id)
  if (before === null || !isVisible(caller.actor, before, settings)) return { kind: 'not_found' }
  const maker = limitedMaker(caller, before)
  const minted = await mintKey(settings, caller, successorFormat(before, settings), before)
  const isFull = maker !== undefined && !(await stores.changes.hasRoom(maker))
  const changed = await changeOne(stores, settings, target, (key): Plan | { refused: Refusal } => {
    const nowMs = settings.clock.now()
    const refused = refuseVersion(ifMatch, key) ?? refuseRotation(caller, settings, key, nowMs)
    if (refused !== null) return { refused }
    if (isFull) return { refused: { reason: 'max_keys', maxKeys: maker.maxKeys } }
    const endsAt = nowMs + overlapMs
    const successor = { ...minted.key, ...successorAttributes(key, caller), createdAt: nowMs }
    const expiresAt = Math.min(key.expiresAt ?? endsAt, endsAt)
    const patch = { replacedBy: successor.id, expiresAt }
    const detail = { replaced_by: successor.id, overlap_seconds: overlapMs / 1000 }
    const audit = auditEntry(caller, 'key.rotated', detail)
    return { patch, successor, request, audit, ...(maker && { maker }) }
  })
  return changed.kind === 'done' ? { ...changed, token: minted.token, id: minted.key.id } : changed
}

/** The default format for a foreign format or a removed one: no token is minted in those. */
function successorFormat({ format }: ListedKey, { config }: Pick<KeySettings, 'config'>): string {
  return Object.hasOwn(config.formats, format) ? format : config.defaultFormat
}

/**
 * The successor keeps scopes and creator, so that it has the same powers, and the meter, so that a new
 * token neither refills nor doubles the remaining credits.
 */
function successorAttributes(key: ListedKey, { actor }: Caller) {
  const { name, scopes, expiresAt, allowedIps, externalId, metadata, createdBy } = key
  const { rateLimit, credits, limitsBy } = key
  const limits = { rateLimit, credits, limitsBy, meterId: key.meterId ?? key.id }
  const { mayGrant, needsReview } = key
  const grants = { mayGrant, needsReview, ...grantor(actor) }
  // A key that rotates itself keeps what it was granted.
  if (actor.id === key.id) grants.grantedBy = key.grantedBy
  return {
    name,
    scopes,
    expiresAt,
    allowedIps,
    externalId,
    metadata,
    createdBy,
    ...limits,
    ...grants,
  }
}

/** A rotated key is made by who rotates it: one more, unless it takes the place of one that they made. */
function limitedMaker({ actor }: Caller, key: ListedKey): LimitedMaker | undefined {
  if (actor.kind === 'person' || actor.id === key.id || key.madeBy === actor.rootId)
    return undefined
  const maxKeys = actor.mayGrant?.maxKeys ?? null
  return maxKeys === null ? undefined : { madeBy: actor.rootId, maxKeys }
}

function refuseRotation(
  caller: Caller,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  key: ListedKey,
  nowMs: number,
): Refusal | null {
  if (key.revokedAt !== null) return { reason: 'revoked' }
  const { replacedBy } = key
  if (replacedBy !== null) return { reason: 'replaced', replacedBy }
  const status = statusOf(key, nowMs)
  // The successor would be active: rotating would enable or extend the key without saying so.
  if (status === 'expired' || status === 'disabled') return { reason: status }
  return refuseNewToken(caller, settings, key)
}

/** The caller receives the successor's token, which a key that rotates itself has already. */
function refuseNewToken(
  caller: Caller,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  key: ListedKey,
): Refusal | null {
  return caller.actor.id === key.id ? null : refuseGrant(caller, key, settings)
}

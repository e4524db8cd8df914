// Rotates a key: a successor with a new token, while the old token works until the overlap ends.
import { isItself } from '../core/actor.ts'
import { auditEntry, type Caller } from '../core/audit.ts'
import { environmentOf } from '../core/environment.ts'
import type { Precondition } from '../core/etag.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { writeTime } from '../core/time.ts'
import type { LimitedMaker } from '../storage/key-selection.ts'
import { type ListedKey, statusOf } from '../storage/key-store.ts'
import { type ChangeStores, changeOne, type NotDone, type Plan, type Progress } from './change.ts'
import { refuseVersion } from './if-match.ts'
import { formatOf, type KeySettings, mintKey } from './mint.ts'
import { grantor, isVisible, refuseGrant } from './powers.ts'
import type { Refusal } from './refusal.ts'

/** `token` and `id` are the successor's. */
export type RotateResult =
  | { kind: 'done'; progress: Progress; token: string; id: string }
  | NotDone<Refusal>

export type Rotation = {
  /** How long the old token keeps working, at most until its own expiry. */
  overlapMs: number
  /** Of the successor (ms); null: never; undefined: as the key has it. */
  expiresAt?: number | null | undefined
  ifMatch?: Precondition | null
  request?: IdempotentRequest | null
}

/** Why the caller may not rotate this key, whatever its state; null when they may. @throws StoreUnavailable */
export async function refuseRotating(
  stores: Pick<ChangeStores, 'find'>,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  caller: Caller,
  id: string,
  wanted: Pick<Rotation, 'expiresAt'> = {},
): Promise<NotDone<Refusal> | null> {
  const key = await stores.find(caller.actor.accountId, id)
  if (key === null || !isVisible(caller.actor, key, settings)) return { kind: 'not_found' }
  const refusal = refuseNewToken(caller, settings, key, wanted)
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
  rotation: Rotation,
): Promise<RotateResult> {
  const target = { accountId: caller.actor.accountId, id }
  const before = await stores.find(target.accountId, id)
  if (before === null || !isVisible(caller.actor, before, settings)) return { kind: 'not_found' }
  const refusal = refuseRotation(caller, settings, before, rotation)
  if (refusal !== null) return { kind: 'refused', refusal }
  const formatName = successorFormat(before, settings.config)
  if (formatName === null) return withoutFormat(before, settings)
  const maker = limitedMaker(caller, before)
  const minted = await mintKey(settings, caller, formatName, before)
  const isFull = maker !== undefined && !(await stores.changes.hasRoom(maker))
  const changed = await changeOne(stores, settings, target, (key): Plan | { refused: Refusal } => {
    const refused = refuseRotation(caller, settings, key, rotation)
    if (refused !== null) return { refused }
    if (isFull) return { refused: { reason: 'max_keys', maxKeys: maker.maxKeys } }
    const { request = null } = rotation
    const nowMs = settings.clock.now()
    const attributes = successorAttributes(withExpiry(key, rotation), caller)
    const successor = { ...minted.key, ...attributes, createdAt: nowMs }
    const endsAt = nowMs + rotation.overlapMs
    const patch = { replacedBy: successor.id, expiresAt: Math.min(key.expiresAt ?? endsAt, endsAt) }
    const audit = auditEntry(caller, 'key.rotated', detailOf(rotation, successor.id))
    const portal = caller.actor.kind === 'key' ? caller.actor.portal : undefined
    return { patch, successor, request, audit, ...(maker && { maker }), ...(portal && { portal }) }
  })
  return changed.kind === 'done' ? { ...changed, token: minted.token, id: minted.key.id } : changed
}

function detailOf({ overlapMs, expiresAt }: Rotation, replaced_by: string) {
  const detail = { replaced_by, overlap_seconds: overlapMs / 1000 }
  if (expiresAt === undefined) return detail
  return { ...detail, expires_at: expiresAt === null ? null : writeTime(expiresAt) }
}

/**
 * The format of the key; for a foreign or a removed one, in which no token is minted, one with the same environment, the
 * default before the others. null: none has it.
 */
function successorFormat(
  { format }: Pick<ListedKey, 'format'>,
  config: KeySettings['config'],
): string | null {
  if (Object.hasOwn(config.formats, format)) return format
  return formatOf(environmentOf(format, config), config)
}

function withoutFormat(
  { format }: ListedKey,
  { config }: Pick<KeySettings, 'config'>,
): NotDone<Refusal> {
  const environment = environmentOf(format, config)
  return { kind: 'refused', refusal: { reason: 'environment', environment } }
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
  if (isItself(actor, key)) grants.grantedBy = key.grantedBy
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
  if (actor.kind === 'person' || isItself(actor, key) || key.madeBy === actor.rootId)
    return undefined
  const maxKeys = actor.mayGrant?.maxKeys ?? null
  return maxKeys === null ? undefined : { madeBy: actor.rootId, maxKeys }
}

function refuseRotation(
  caller: Caller,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  key: ListedKey,
  { ifMatch = null, ...wanted }: Rotation,
): Refusal | null {
  const refused = refuseVersion(ifMatch, key)
  if (refused !== null) return refused
  if (key.revokedAt !== null) return { reason: 'revoked' }
  const { replacedBy } = key
  if (replacedBy !== null) return { reason: 'replaced', replacedBy }
  const status = statusOf(key, settings.clock.now())
  // The successor would be active: rotating would enable or extend the key without saying so.
  if (status === 'expired' || status === 'disabled') return { reason: status }
  return refuseNewToken(caller, settings, key, wanted)
}

/** The caller receives the token of the successor, whose expiry is part of its powers. */
function refuseNewToken(
  caller: Caller,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  key: ListedKey,
  wanted: Pick<Rotation, 'expiresAt'>,
): Refusal | null {
  const successor = withExpiry(key, wanted)
  // A key that rotates itself has them already, but for a later expiry.
  const isNoLater = (successor.expiresAt ?? Infinity) <= (key.expiresAt ?? Infinity)
  return isItself(caller.actor, key) && isNoLater ? null : refuseGrant(caller, successor, settings)
}

function withExpiry(key: ListedKey, { expiresAt }: Pick<Rotation, 'expiresAt'>): ListedKey {
  return expiresAt === undefined ? key : { ...key, expiresAt }
}

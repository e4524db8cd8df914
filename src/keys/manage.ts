// What can be done to keys: issue, update, rotate, revoke. Each is one call of change.
import type { Actor } from '../core/actor.ts'
import { auditEntry, type Caller } from '../core/audit.ts'
import { changedFields } from '../core/changed-fields.ts'
import type { Config } from '../core/config.ts'
import { keyPrefix } from '../core/format.ts'
import { type Grant, grantRefusal } from '../core/grant.ts'
import {
  type CreditInput,
  creditTerms,
  type LimitOwner,
  type LimitsError,
  validateChangedLimits,
  type Window,
} from '../core/limits.ts'
import { strongestRole } from '../core/role.ts'
import { digestOf, mintToken, type RandomBytes } from '../core/token.ts'
import type { NewKey, Selection } from '../storage/key-changes.ts'
import { type ListedKey, statusOf } from '../storage/key-store.ts'
import {
  type ChangeResult,
  type ChangeSettings,
  type ChangeStores,
  changeMany,
  changeOne,
  type Plan,
} from './change.ts'

export type KeySettings = ChangeSettings & {
  config: Pick<Config, 'formats' | 'foreign' | 'defaultFormat' | 'scopes' | 'roles'>
  tagKeys: readonly CryptoKey[]
  randomBytes: RandomBytes
  newId(): string
}

/** What a person decides about a key. */
export type KeyAttributes = {
  name: string
  scopes: string[] | null
  expiresAt: number | null
  allowedIps: string[] | null
  externalId: string | null
  metadata: Record<string, unknown> | null
  rateLimit: Window[] | null
  credits: CreditInput | null
  limitsBy: LimitOwner
}

/** What is undefined stays as it is. */
export type KeyEdits = {
  [Fact in keyof KeyAttributes]?: KeyAttributes[Fact] | undefined
} & { disabled?: boolean | undefined }

export type Refusal =
  | { reason: 'grant'; detail: string; actor: Actor['kind'] }
  | { reason: 'revoked' | 'expired' | 'disabled' | 'replaced' }
  | { reason: 'limits'; mistake: LimitsError }

export type IssueResult =
  | { kind: 'issued'; token: string; id: string }
  | { kind: 'refused'; refusal: Refusal }

/** Makes a key and its token, which is returned here and nowhere else ever again. */
export async function issueKey(
  stores: Pick<ChangeStores, 'changes'>,
  settings: KeySettings,
  caller: Caller,
  request: KeyAttributes & { formatName: string },
): Promise<IssueResult> {
  const { formatName, ...facts } = request
  const refused = refuseGrant(caller, facts.scopes, settings)
  if (refused !== null) return { kind: 'refused', refusal: refused }
  const { token, key } = await mintKey(settings, caller, formatName, facts)
  const detail = { name: facts.name, scopes: facts.scopes, format: formatName }
  await stores.changes.create(key, auditEntry(caller, 'key.created', detail), settings.clock.now())
  return { kind: 'issued', token, id: key.id }
}

/** Changes what was decided about a key. */
export function updateKey(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  id: string,
  changes: KeyEdits,
): Promise<ChangeResult<Refusal>> {
  return changeOne(stores, settings, target(caller, id), (key) => {
    if (key.revokedAt !== null) return { refused: { reason: 'revoked' } }
    const patch = changedFields(key, withCredits(key, changes, settings.clock.now()))
    if (Object.keys(patch).length === 0) return null
    const mistake = validateChangedLimits(key, { ...key, ...patch } as ListedKey, changes.credits)
    if (mistake !== null) return { refused: { reason: 'limits', mistake } }
    if (patch.scopes !== undefined) {
      const refused = refuseGrant(caller, patch.scopes, settings, {
        creatorRole: key.creatorRole,
        present: key.scopes,
      })
      if (refused !== null) return { refused }
    }
    return { patch, audit: auditEntry(caller, 'key.updated', { changed: patch }) }
  })
}

/** Puts a new token in the place of an old one, which expires after the overlap. */
export async function rotateKey(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  id: string,
  overlapMs: number,
): Promise<{ changed: ChangeResult<Refusal>; token: string; id: string } | null> {
  const before = await stores.find(caller.actor.accountId, id)
  if (before === null) return null
  const minted = await mintKey(settings, caller, successorFormat(before, settings), before)
  const changed = await changeOne(
    stores,
    settings,
    target(caller, id),
    (key): Plan | { refused: Refusal } => {
      const now = settings.clock.now()
      const refused = refuseRotation(caller, settings, key, now)
      if (refused !== null) return { refused }
      const end = now + overlapMs
      const successor = { ...minted.key, ...inherited(key), createdAt: now }
      const patch = { replacedBy: successor.id, expiresAt: Math.min(key.expiresAt ?? end, end) }
      const detail = { replaced_by: successor.id, overlap_seconds: overlapMs / 1000 }
      return { patch, successor, audit: auditEntry(caller, 'key.rotated', detail) }
    },
  )
  return { changed, token: minted.token, id: minted.key.id }
}

/** Revokes a key for good. Asked again, it only makes sure that the revocation is in force. */
export function revokeKey(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  id: string,
): Promise<ChangeResult<never>> {
  return changeOne(stores, settings, target(caller, id), (key) => {
    if (key.revokedAt !== null) return null
    return revocation(caller, settings, {})
  })
}

/** Revokes every key that a selection meets. */
export function revokeKeys(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  selection: Exclude<Selection, { by: 'version' }>,
) {
  const plan = revocation(caller, settings, { selection: selection.by })
  return changeMany(stores, settings, caller.actor.accountId, selection, plan)
}

function revocation(caller: Caller, { clock }: KeySettings, detail: Record<string, unknown>) {
  const patch = { revokedAt: clock.now(), revokedBy: caller.actor.id }
  return { patch, audit: auditEntry(caller, 'key.revoked', detail) }
}

async function mintKey(
  { config, tagKeys, randomBytes, newId, clock }: KeySettings,
  { actor }: Caller,
  formatName: string,
  facts: KeyAttributes,
): Promise<{ token: string; key: NewKey }> {
  const format = config.formats[formatName]
  if (format === undefined) throw new Error(`No token format is named ${formatName}.`)
  const token = await mintToken(format, tagKeys, randomBytes)
  const nowMs = clock.now()
  const key: NewKey = {
    id: newId(),
    digest: await digestOf(token),
    accountId: actor.accountId,
    format: formatName,
    keyPrefix: keyPrefix(token, format),
    createdBy: actor.kind === 'person' ? actor.id : actor.createdBy,
    createdAt: nowMs,
    name: facts.name,
    scopes: facts.scopes,
    expiresAt: facts.expiresAt,
    allowedIps: facts.allowedIps,
    externalId: facts.externalId,
    metadata: facts.metadata,
    rateLimit: facts.rateLimit,
    credits: facts.credits && creditTerms(null, facts.credits, nowMs),
    limitsBy: facts.limitsBy,
  }
  return { token, key }
}

/** Of an imported key, or one whose format is gone: the default. Nobody mints in foreign formats. */
function successorFormat({ format }: ListedKey, { config }: KeySettings): string {
  return Object.hasOwn(config.formats, format) ? format : config.defaultFormat
}

/**
 * A successor has the powers of the key it replaces, and inherits from the same person. It goes on with
 * its meter: a new token neither refills nor doubles what is left.
 */
function inherited(key: ListedKey) {
  const { name, scopes, expiresAt, allowedIps, externalId, metadata, createdBy } = key
  const { rateLimit, credits, limitsBy } = key
  const limits = { rateLimit, credits, limitsBy, meterId: key.meterId ?? key.id }
  return { name, scopes, expiresAt, allowedIps, externalId, metadata, createdBy, ...limits }
}

function refuseRotation(
  caller: Caller,
  settings: KeySettings,
  key: ListedKey,
  now: number,
): Refusal | null {
  if (key.revokedAt !== null) return { reason: 'revoked' }
  if (key.replacedBy !== null) return { reason: 'replaced' }
  const status = statusOf(key, now)
  // Its successor would be in force: whoever rotates would switch the key on without saying so.
  if (status === 'expired' || status === 'disabled') return { reason: status }
  // Who rotates a key comes to hold it: the same rule as for making one like it.
  return refuseGrant(caller, key.scopes, settings, { creatorRole: key.creatorRole })
}

function refuseGrant(
  { actor }: Caller,
  scopes: readonly string[] | null,
  { config }: KeySettings,
  key?: { creatorRole: string | null; present?: readonly string[] | null },
): Refusal | null {
  const ownRole = actor.kind === 'person' ? actor.role : null
  const inheritsFrom = key === undefined ? ownRole : strongestRole(key.creatorRole)
  const grant: Grant = { scopes, inheritsFrom, present: key?.present }
  const detail = grantRefusal(actor, grant, config)
  return detail === null ? null : { reason: 'grant', detail, actor: actor.kind }
}

function target({ actor }: Caller, id: string) {
  return { accountId: actor.accountId, id }
}

/** The wish for the credits as the terms that it makes of the present ones. */
function withCredits(key: ListedKey, { credits, ...changes }: KeyEdits, nowMs: number) {
  return { ...changes, credits: credits && creditTerms(key.credits, credits, nowMs) }
}

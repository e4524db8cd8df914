// The key form's state, and its conversion from a key and to a request. Pure: no React, no I/O.
import { heldOf, type Selection, selectionError } from '../scopes/selection.ts'
import type { Key, KeyChanges, NewKey } from './api.ts'
import {
  draftOfGrants,
  emptyGrants,
  type GrantDraft,
  type GrantErrors,
  grantErrors,
  grantsOfDraft,
} from './grant-draft.ts'
import {
  draftOfLimits,
  emptyLimits,
  type LimitDraft,
  type LimitErrors,
  limitErrors,
  limitsOfDraft,
} from './limit-draft.ts'
import { metadataError, metadataOf, metadataText } from './metadata-draft.ts'

export type ScopeChoice = 'none' | 'selected' | 'inherit'

/** Unchanged, a number of days, a date (`YYYY-MM-DD`), or no expiration. */
export type ExpiryChoice = 'keep' | '7' | '30' | '90' | '365' | 'date' | 'never'

export type KeyDraft = {
  name: string
  expiry: ExpiryChoice
  date: string
  format: string
  scopeChoice: ScopeChoice
  scopes: Selection
  /** Separated by newlines, spaces or commas. */
  addresses: string
  externalId: string
  /** A JSON object; empty: none. */
  metadata: string
  limits: LimitDraft
  /** Of a key that manages keys. */
  grants: GrantDraft
}

export type DraftErrors = Partial<Record<'name' | 'date' | 'scopes' | 'metadata', string>> &
  LimitErrors &
  GrantErrors

export const emptyDraft: KeyDraft = {
  name: '',
  expiry: '90',
  date: '',
  format: '',
  scopeChoice: 'selected',
  scopes: [],
  addresses: '',
  externalId: '',
  metadata: '',
  limits: emptyLimits,
  grants: emptyGrants,
}

export function draftOfKey(key: Key): KeyDraft {
  return {
    name: key.name,
    expiry: 'keep',
    date: '',
    format: key.format,
    scopeChoice: key.scopes === null ? 'inherit' : key.scopes.length === 0 ? 'none' : 'selected',
    scopes: key.scopes ?? [],
    addresses: key.allowed_ips?.join('\n') ?? '',
    externalId: key.external_id ?? '',
    metadata: metadataText(key.metadata),
    limits: draftOfLimits(key),
    grants: grantsKeys(key.scopes) ? draftOfGrants(key.may_grant) : emptyGrants,
  }
}

/** Errors that need no request. The server validates everything else. `before`: the key to change. */
export function draftErrors(draft: KeyDraft, before?: Key): DraftErrors {
  const wrongMetadata = metadataError(draft.metadata)
  const hasBalance = draft.limits.isShared || (before?.credits ?? null) !== null
  return {
    ...limitErrors(draft.limits, hasBalance),
    // Unchanged ones are as the API has them, also where the form does not show them.
    ...(managesKeys(draft) && mayGrantOf(draft, before) !== undefined && grantErrors(draft.grants)),
    ...(draft.name.trim() === '' && { name: 'Enter a name' }),
    ...(draft.expiry === 'date' && draft.date === '' && { date: 'Select a date' }),
    ...scopeErrors(draft),
    ...(wrongMetadata !== undefined && { metadata: wrongMetadata }),
  }
}

function scopeErrors({ scopeChoice, scopes }: KeyDraft): DraftErrors {
  if (scopeChoice !== 'selected') return {}
  if (scopes.length === 0) return { scopes: 'Select at least one scope, or “No scopes”' }
  const error = selectionError(scopes)
  return error === undefined ? {} : { scopes: error }
}

const dayMs = 86_400_000

/** A date expires at its end, in local time. */
export function expiresAt(draft: KeyDraft, nowMs: number): Date | null {
  if (draft.expiry === 'never' || draft.expiry === 'keep') return null
  if (draft.expiry === 'date') return draft.date === '' ? null : new Date(`${draft.date}T23:59:59`)
  return new Date(nowMs + Number(draft.expiry) * dayMs)
}

function attributesOf(draft: KeyDraft) {
  const scopes = { none: [], selected: heldOf(draft.scopes), inherit: null }[draft.scopeChoice]
  const addresses = addressesOf(draft.addresses)
  const external_id = draft.externalId.trim() || null
  return {
    name: draft.name.trim(),
    scopes,
    allowed_ips: addresses.length > 0 ? addresses : null,
    external_id,
    metadata: metadataOf(draft.metadata),
    ...limitsOfDraft(draft.limits, external_id),
  }
}

export const addressesOf = (text: string) => text.split(/[\s,]+/).filter(Boolean)

export function newKeyOf(draft: KeyDraft, nowMs: number): NewKey {
  return {
    ...attributesOf(draft),
    expires_at: expiresAt(draft, nowMs)?.toISOString() ?? null,
    ...(draft.format && { format: draft.format }),
    ...(managesKeys(draft) && { may_grant: grantsOfDraft(draft.grants) }),
  }
}

/**
 * What the form did not change is left out: the API refuses a scope that the catalogue no longer lists, and another
 * person may have changed the rest meanwhile. Only an owner changes what the key may grant.
 */
export function changesOf(
  draft: KeyDraft,
  nowMs: number,
  { before, isOwner }: { before: Key; isOwner: boolean },
): KeyChanges {
  const may_grant = isOwner ? mayGrantOf(draft, before) : undefined
  return {
    ...changedOnes(attributesOf(draft), attributesOf(draftOfKey(before))),
    ...(draft.expiry !== 'keep' && { expires_at: expiresAt(draft, nowMs)?.toISOString() ?? null }),
    ...(may_grant !== undefined && { may_grant }),
  }
}

function changedOnes<Attributes extends object>(
  after: Attributes,
  before: Attributes,
): Partial<Attributes> {
  const old = new Map(Object.entries(before).map(([name, value]) => [name, JSON.stringify(value)]))
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== old.get(name),
  )
  return Object.fromEntries(changed) as Partial<Attributes>
}

const granting = ['keys:manage', 'keys:portal', 'platform:manage']

/** Whether a key with these scopes may grant some to others. */
export const grantsKeys = (scopes: readonly string[] | null) =>
  granting.some((scope) => scopes?.includes(scope))

export function managesKeys({ scopeChoice, scopes }: KeyDraft): boolean {
  return scopeChoice === 'selected' && grantsKeys(scopes)
}

/** What the key may grant from now on; undefined when that does not change. */
function mayGrantOf(draft: KeyDraft, before?: Key): ReturnType<typeof grantsOfDraft> | undefined {
  const mayGrant = managesKeys(draft) ? grantsOfDraft(draft.grants) : null
  const old = before === undefined ? null : grantsOfDraft(draftOfGrants(before.may_grant))
  return JSON.stringify(mayGrant) === JSON.stringify(old) ? undefined : mayGrant
}

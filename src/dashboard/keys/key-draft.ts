// A key as somebody is filling it in, and what of it is sent.

import type { Key } from '../api/queries.ts'
import type { KeyChanges, NewKey } from './api.ts'
import {
  emptyLimits,
  type LimitDraft,
  type LimitErrors,
  limitErrorsIn,
  limitFactsOf,
  limitsOfKey,
} from './limit-draft.ts'

export type ScopeChoice = 'none' | 'chosen' | 'inherit'

/** Days, a date (`YYYY-MM-DD`), never, or as it is. */
export type ExpiryChoice = 'keep' | '7' | '30' | '90' | '365' | 'date' | 'never'

export type KeyDraft = {
  name: string
  expiry: ExpiryChoice
  date: string
  format: string
  scopeChoice: ScopeChoice
  scopes: readonly string[]
  /** One a line, or separated by commas. */
  addresses: string
  externalId: string
  limits: LimitDraft
}

export type DraftErrors = Partial<Record<'name' | 'date' | 'scopes', string>> & LimitErrors

export const emptyDraft: KeyDraft = {
  name: '',
  expiry: '90',
  date: '',
  format: '',
  scopeChoice: 'chosen',
  scopes: [],
  addresses: '',
  externalId: '',
  limits: emptyLimits,
}

export function draftOf(key: Key): KeyDraft {
  return {
    name: key.name,
    expiry: 'keep',
    date: '',
    format: key.format,
    scopeChoice: key.scopes === null ? 'inherit' : key.scopes.length === 0 ? 'none' : 'chosen',
    scopes: key.scopes ?? [],
    addresses: key.allowed_ips?.join('\n') ?? '',
    externalId: key.external_id ?? '',
    limits: limitsOfKey(key),
  }
}

/** What can be said without asking the server; everything else it says itself. */
export function errorsIn(draft: KeyDraft, before?: Key): DraftErrors {
  const isJoining = draft.limits.isShared || (before?.credits ?? null) !== null
  return {
    ...limitErrorsIn(draft.limits, isJoining),
    ...(draft.name.trim() === '' && { name: 'Give the key a name' }),
    ...(draft.expiry === 'date' && draft.date === '' && { date: 'Choose a date' }),
    ...(draft.scopeChoice === 'chosen' &&
      draft.scopes.length === 0 && { scopes: 'Choose at least one scope, or “No scopes”' }),
  }
}

const dayMs = 86_400_000

/** The end of a day where the person is. */
export function endOfDay(date: string): Date {
  return new Date(`${date}T23:59:59`)
}

export function expiresAt(draft: KeyDraft, nowMs: number): Date | null {
  if (draft.expiry === 'never' || draft.expiry === 'keep') return null
  if (draft.expiry === 'date') return draft.date === '' ? null : endOfDay(draft.date)
  return new Date(nowMs + Number(draft.expiry) * dayMs)
}

function attributesOf(draft: KeyDraft) {
  const scopes = { none: [], chosen: [...draft.scopes], inherit: null }[draft.scopeChoice]
  const addresses = draft.addresses.split(/[\s,]+/).filter(Boolean)
  const external_id = draft.externalId.trim() || null
  return {
    name: draft.name.trim(),
    scopes,
    allowed_ips: addresses.length > 0 ? addresses : null,
    external_id,
    ...limitFactsOf(draft.limits, external_id),
  }
}

export function newKeyOf(draft: KeyDraft, nowMs: number): NewKey {
  return {
    ...attributesOf(draft),
    expires_at: expiresAt(draft, nowMs)?.toISOString() ?? null,
    ...(draft.format && { format: draft.format }),
  }
}

export function changesOf(draft: KeyDraft, nowMs: number): KeyChanges {
  const facts = attributesOf(draft)
  if (draft.expiry === 'keep') return facts
  return { ...facts, expires_at: expiresAt(draft, nowMs)?.toISOString() ?? null }
}

// The form state of what a key with keys:manage may grant, and its conversion from a key and to a request. Pure.
import { heldOf, type Selection, selectionError } from '../scopes/selection.ts'
import { splitSeconds, type Unit, units } from '../ui/seconds.ts'
import type { Key } from './api.ts'
import {
  draftOfWindows,
  isWhole,
  type WindowDraft,
  windowError,
  windowsOfDraft,
} from './limit-draft.ts'

export type MayGrant = NonNullable<Key['may_grant']>

export type GrantDraft = {
  /** Otherwise the key only reads, restricts and revokes. */
  isGranting: boolean
  isAnyScope: boolean
  scopes: Selection
  /** Numbers are text as typed; empty: no limit. */
  lifetime: string
  lifetimeUnit: Unit
  isAnyExternalId: boolean
  /** One per line. */
  externalIds: string
  windows: readonly WindowDraft[]
  maxKeys: string
  /** null: any. */
  environments: readonly string[] | null
}

export type GrantErrors = Partial<
  Record<
    | 'grantScopes'
    | 'grantEnvironments'
    | 'lifetime'
    | 'grantExternalIds'
    | 'grantWindows'
    | 'maxKeys',
    string
  >
>

/** Of a new key: nothing is granted that is not selected. */
export const emptyGrants: GrantDraft = {
  isGranting: true,
  isAnyScope: false,
  scopes: [],
  lifetime: '',
  lifetimeUnit: 'day',
  isAnyExternalId: true,
  externalIds: '',
  windows: [],
  maxKeys: '',
  environments: null,
}

export function draftOfGrants(mayGrant: Key['may_grant']): GrantDraft {
  if (mayGrant === null) return { ...emptyGrants, isGranting: false }
  const { scopes, environments, external_ids, max_lifetime, rate_limit, max_keys } = mayGrant
  const lifetime = max_lifetime === null ? null : splitSeconds(max_lifetime)
  return {
    isGranting: true,
    isAnyScope: scopes === null,
    scopes: scopes ?? [],
    lifetime: lifetime === null ? '' : `${lifetime.count}`,
    lifetimeUnit: lifetime?.unit ?? emptyGrants.lifetimeUnit,
    isAnyExternalId: external_ids === null,
    externalIds: external_ids?.join('\n') ?? '',
    windows: draftOfWindows(rate_limit),
    maxKeys: max_keys === null ? '' : `${max_keys}`,
    environments,
  }
}

/** null: the key grants nothing. */
export function grantsOfDraft(draft: GrantDraft) {
  if (!draft.isGranting) return null
  const windows = windowsOfDraft(draft.windows)
  return {
    scopes: draft.isAnyScope ? null : heldOf(draft.scopes),
    environments: draft.environments && [...draft.environments],
    external_ids: draft.isAnyExternalId ? null : linesOf(draft.externalIds),
    max_lifetime: isEmpty(draft.lifetime)
      ? null
      : Number(draft.lifetime) * units[draft.lifetimeUnit],
    rate_limit: windows.length > 0 ? windows : null,
    max_keys: isEmpty(draft.maxKeys) ? null : Number(draft.maxKeys),
  }
}

/** Errors that need no request. */
export function grantErrors(draft: GrantDraft): GrantErrors {
  if (!draft.isGranting) return {}
  const { lifetime, maxKeys, isAnyExternalId, externalIds } = draft
  const windows = windowError(draft.windows)
  const scopes = draft.isAnyScope ? undefined : selectionError(draft.scopes)
  return {
    ...(scopes && { grantScopes: scopes }),
    ...(draft.environments?.length === 0 && {
      grantEnvironments: 'Select at least one environment',
    }),
    ...(!isEmpty(lifetime) &&
      !isWhole(lifetime, 1) && { lifetime: 'Enter a whole number of at least 1' }),
    ...(!isAnyExternalId &&
      linesOf(externalIds).length === 0 && { grantExternalIds: 'Enter at least one external ID' }),
    ...(windows && { grantWindows: windows }),
    ...(!isEmpty(maxKeys) &&
      !isWhole(maxKeys, 0) && { maxKeys: 'Enter a whole number of at least 0' }),
  }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

const isEmpty = (text: string) => text.trim() === ''

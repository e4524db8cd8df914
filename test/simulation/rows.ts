// Rows of api_key in the test doubles.
import type { NewKey } from '../../src/storage/key-changes.ts'
import type { Selection } from '../../src/storage/key-selection.ts'
import type { KeyRow } from '../../src/storage/key-store.ts'

/** `version`: the number of this state in the history of the key. */
export type Row = KeyRow & { version: number }

/** Whether a selection covers a key, revoked or not. */
export function isSelected(row: Row, accountId: string, selection: Selection): boolean {
  if (row.accountId !== accountId) return false
  switch (selection.by) {
    case 'version':
      return row.id === selection.id && row.seq === selection.seq
    case 'ids':
      return selection.ids.includes(row.id)
    case 'creator':
      return row.createdBy === selection.createdBy
    case 'maker':
      return row.madeBy === selection.madeBy
    case 'externalId':
      return row.externalId === selection.externalId
    case 'account':
      return true
  }
}

export function newRow(key: NewKey, seq: number): Row {
  return {
    id: key.id,
    digest: key.digest,
    seq,
    accountId: key.accountId,
    name: key.name,
    format: key.format,
    keyPrefix: key.keyPrefix,
    scopes: key.scopes ?? null,
    disabled: key.disabled ?? false,
    allowedIps: key.allowedIps ?? null,
    externalId: key.externalId ?? null,
    metadata: key.metadata ?? null,
    rateLimit: key.rateLimit ?? null,
    credits: key.credits ?? null,
    limitsBy: key.limitsBy ?? 'key',
    meterId: key.meterId ?? null,
    mayGrant: key.mayGrant ?? null,
    madeBy: key.madeBy ?? null,
    grantedBy: key.grantedBy ?? null,
    needsReview: key.needsReview ?? false,
    createdBy: key.createdBy ?? null,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt ?? null,
    lastUsedAt: null,
    revokedAt: null,
    revokedBy: null,
    replacedBy: null,
    version: 0,
  }
}

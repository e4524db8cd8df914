// The orders of the list of keys, in words. Pure.
import type { KeySort, SortColumn } from './api.ts'

export const newestFirst = '-created_at'

export const orderName: Record<KeySort, string> = {
  '-created_at': 'Newest first',
  created_at: 'Oldest first',
  name: 'Name, A to Z',
  '-name': 'Name, Z to A',
  '-last_used_at': 'Used most recently first',
  last_used_at: 'Never used first, then by last use',
  expires_at: 'Expiring soonest first',
  '-expires_at': 'Without expiry first, then the latest',
}

/** What the head of a column offers first. */
const first: Record<SortColumn, KeySort> = {
  name: 'name',
  created_at: '-created_at',
  last_used_at: '-last_used_at',
  expires_at: 'expires_at',
}

/** The other direction of the current order, else the first of the column. */
export function nextOrder(column: SortColumn, current: KeySort): KeySort {
  if (current === column) return `-${column}`
  return current === `-${column}` ? column : first[column]
}

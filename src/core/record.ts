// The record of a key, as memory and KV hold it: all that a verdict needs, so that no second look-up is
// made.
import type { Limits } from './limits.ts'
import type { Role } from './role.ts'

export type KeyRecord = {
  /** D1's counter, read in the same statement as the row: how fresh the record is. */
  asOf: number
  id: string
  name: string
  accountId: string
  accountName: string
  createdBy: string | null
  externalId: string | null
  metadata: Record<string, unknown> | null
  /** The name of its format, which says its environment. */
  format: string
  /** null: the key has the scopes of `role`. */
  scopes: readonly string[] | null
  /** The creator's role in the account as of `asOf`; null when they are not a member. */
  role: Role | null
  /** Milliseconds since 1970. */
  createdAt: number
  /** Milliseconds since 1970, or null for never. */
  expiresAt: number | null
  revoked: boolean
  disabled: boolean
  /** Of the account: no key of it passes. */
  suspended: boolean
  /** Addresses and CIDR blocks; null for any. */
  allowedIps: readonly string[] | null
  /** null: unlimited; no meter is called. */
  limits: Limits | null
}

const fields = Object.keys({
  ...{ asOf: 1, id: 1, name: 1, accountId: 1, accountName: 1, createdBy: 1, externalId: 1 },
  ...{ metadata: 1, format: 1, scopes: 1, role: 1, createdAt: 1, expiresAt: 1, revoked: 1 },
  ...{ disabled: 1, suspended: 1, allowedIps: 1, limits: 1 },
} satisfies Record<keyof KeyRecord, 1>)

// Incremented whenever the record changes shape: readers treat other versions as absent.
const version = 6

/** The value for KV. @param at when it is written (ms). */
export function writeRecord(record: KeyRecord, at: number): string {
  return JSON.stringify({ v: version, at, record })
}

/**
 * The record in a KV value; null when it is absent, malformed or of another version. One that lacks a field would be a key
 * without that limit.
 */
export function readRecord(value: unknown): KeyRecord | null {
  if (typeof value !== 'object' || value === null) return null
  const { v, record } = value as { v?: unknown; record?: KeyRecord | null }
  if (v !== version || typeof record !== 'object' || record === null) return null
  const isWhole = fields.every((field) => Object.hasOwn(record, field))
  return isWhole && Number.isSafeInteger(record.asOf) ? record : null
}

// The record of a key: all that a verdict needs, so that no second look-up is ever made. It is what
// memory and KV hold, whole, with `asOf`: D1's counter, read in the same statement as the row.
import type { Limits } from './limits.ts'
import type { Role } from './role.ts'

export type KeyRecord = {
  /** How fresh: D1's counter when this was read. */
  asOf: number
  id: string
  name: string
  accountId: string
  accountName: string
  createdBy: string | null
  /** null: inherits what `role` may do. */
  scopes: readonly string[] | null
  /** The creator's role in the account as of `asOf`; null when they are no member. */
  role: Role | null
  /** Milliseconds since 1970. */
  createdAt: number
  /** Milliseconds since 1970, or null for never. */
  expiresAt: number | null
  revoked: boolean
  disabled: boolean
  /** Addresses and CIDR blocks; null for any. */
  allowedIps: readonly string[] | null
  /** null: unlimited, and no meter is asked. */
  limits: Limits | null
}

// Raised whenever the record changes shape: a reader takes what it does not know for absent.
const version = 3

/** The record as text for KV; `at` is when it was written (ms). */
export function writeRecord(record: KeyRecord, at: number): string {
  return JSON.stringify({ v: version, at, record })
}

/** The record of a KV value, or null when it is absent, of another version or no record at all. */
export function readRecord(value: unknown): KeyRecord | null {
  if (typeof value !== 'object' || value === null) return null
  const { v, record } = value as { v?: unknown; record?: KeyRecord }
  return v === version && Number.isSafeInteger(record?.asOf) ? (record ?? null) : null
}

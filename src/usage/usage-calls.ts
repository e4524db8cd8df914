// The calls of a usage object, which holds one month of one shard of keys.
import type { TierRow, UsageRow } from './message.ts'

/** What one message holds for one object. */
export type UsagePart = { id: string; accounts: Record<string, UsageRow[]>; tiers: TierRow[] }

/** Requests of an hour (its first ms) with a code. */
export type UsageCount = { time: number; code: string; count: number }

/** From an hour (its first ms) to before another. */
export type UsageSpan = { from: number; to: number }

export const usageGroups = ['key', 'external_id', 'environment'] as const
export type UsageGroup = (typeof usageGroups)[number]

/** The requests of one value of a group in a span; `value` null: keys without an external id. */
export type GroupTotal = { value: string | null; counts: Record<string, number> }

/** Requests in a span by value, in the order of `compareValues`. */
export type GroupPage = {
  totals: [value: string | null, requests: number][]
  /** The value after which the next page begins; null: this is the last. */
  next: GroupPosition
}

/** After this value; null: before all of them. */
export type GroupPosition = { value: string | null } | null

/** One key and UTC day: requests by code, each for the 24 hours. */
export type UsageDay = { keyId: string; day: number; counts: Record<string, number[]> }

/** The answer to a part that is stored, now or before; any other answer does not acknowledge it. */
export const stored = 'stored'

export type UsageCalls = {
  /** Stores the parts that it does not know, durably, before it answers. */
  add(parts: UsagePart[]): typeof stored
  /** Without zeros, oldest first. */
  ofKey(accountId: string, keyId: string, span: UsageSpan): UsageCount[]
  /** The same of several keys: of those that have any requests. */
  ofKeys(
    accountId: string,
    keyIds: string[],
    span: UsageSpan,
  ): [keyId: string, counts: UsageCount[]][]
  ofAccount(accountId: string, span: UsageSpan): UsageCount[]
  /** What all values have, page by page: an object answers nobody else while it reads one. */
  totals(accountId: string, group: UsageGroup, span: UsageSpan, after: GroupPosition): GroupPage
  /** Of some values, those that have any requests. */
  ofGroup(
    accountId: string,
    group: UsageGroup,
    values: (string | null)[],
    span: UsageSpan,
  ): GroupTotal[]
  /** When each key was last used successfully (ms), of those that were. */
  lastUsed(accountId: string, keyIds: string[]): [keyId: string, at: number][]
  /** Days after a position, in the order of key and day. */
  days(accountId: string, after: { keyId: string; day: number } | null, limit: number): UsageDay[]
  tiers(fromMs: number): { region: string; tier: string; count: number }[]
  /** Deletes a part of what it holds of an account; whether nothing is left. */
  forget(accountId: string): boolean
}

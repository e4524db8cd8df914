// What a ledger of usage needs of its storage: SQLite in a Durable Object, maps in the simulation.
import type { DayCounts } from './counts.ts'
import type { JournalRow } from './journal.ts'
import type { TierRow } from './message.ts'

export type GroupKind = 'account' | 'external_id' | 'environment'

export type DayRow = {
  accountId: string
  keyId: string
  /** Days since 1970, in UTC. */
  day: number
  counts: DayCounts
  /** Time of the last successful use (ms); 0: none. */
  lastValidAt: number
}

export type GroupRow = {
  accountId: string
  kind: GroupKind
  /** null: without an external id. */
  value: string | null
  day: number
  counts: DayCounts
}

/** One transaction: all of it is stored, or nothing. */
export type Change = {
  /** Ids by bucket: all that it then holds. */
  seen?: ReadonlyMap<number, readonly string[]>
  journal?: { remove: readonly number[]; add: readonly JournalRow[] }
  /** Replace what is stored of their key and day. */
  days?: readonly DayRow[]
  /** Replace what is stored of their value and day. */
  groups?: readonly GroupRow[]
  /** Added to what is stored. */
  tiers?: readonly TierRow[]
}

export type Days = { first: number; last: number }
/** `from` null: all values. `partial`: the days whose counts are needed, two at most. */
export type TotalsAsked = { from: string | null; partial: readonly number[]; limit: number }
export type KeyPosition = { keyId: string; day: number }

/** Writes are durable before the object's next answer is sent (output gate of a Durable Object). */
export type LedgerStorage = {
  /** Nothing was ever stored: a read must not create what has to be deleted later. */
  isEmpty(): boolean
  /** In the order of their numbers. */
  loadJournal(): Iterable<JournalRow>
  idsIn(bucket: number): string[]
  /** @throws Error when nothing of it was stored. */
  commit(change: Change): void

  findDay(
    accountId: string,
    keyId: string,
    day: number,
  ): Pick<DayRow, 'counts' | 'lastValidAt'> | null
  findGroup(row: Omit<GroupRow, 'counts'>): DayCounts | null
  daysOfKey(accountId: string, keyId: string, days: Days): { day: number; counts: DayCounts }[]
  daysOfGroup(
    accountId: string,
    kind: GroupKind,
    value: string | null,
    days: Days,
  ): { day: number; counts: DayCounts }[]
  /** Rows of the values after one, in the order of value and day; of keys without an external id none. */
  totalsAfter(
    accountId: string,
    group: 'key' | GroupKind,
    asked: TotalsAsked,
  ): Iterable<{ value: string; day: number; total: number; counts: DayCounts | null }>
  lastValid(accountId: string, keyIds: readonly string[]): [keyId: string, at: number][]
  /** In the order of key and day, after a position. */
  daysAfter(
    accountId: string,
    after: KeyPosition | null,
    limit: number,
  ): { keyId: string; day: number; counts: DayCounts }[]
  tiersFrom(hour: number): TierRow[]

  /** Deletes up to a number of rows of an account; whether nothing is left. */
  forget(accountId: string, limit: number): boolean
  /** Deletes buckets before one, and tiers up to an hour. */
  prune(bucket: number, hour: number): void
  newestBucket(): number | null
  newestTier(): number | null

  /** When the alarm is set for (ms). */
  alarmAt(): number | null
  wakeAt(timeMs: number): void
  /** Deletes everything. */
  clear(): Promise<void>
}

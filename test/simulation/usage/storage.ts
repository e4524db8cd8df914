// The double of a usage object's SQLite: what is durable, and what the running instance sees.
import { type DayCounts, totalOf } from '../../../src/usage/counts.ts'
import { compareValues } from '../../../src/usage/group-order.ts'
import type { JournalRow } from '../../../src/usage/journal.ts'
import type {
  Change,
  Days,
  GroupKind,
  GroupRow,
  KeyPosition,
  LedgerStorage,
  TotalsAsked,
} from '../../../src/usage/ledger-storage.ts'
import type { TierRow } from '../../../src/usage/message.ts'

type StoredDay = {
  accountId: string
  keyId: string
  day: number
  counts: string
  lastValidAt: number
}
type StoredGroup = Omit<GroupRow, 'counts'> & { counts: string }

/** Values are replaced, never changed, so that a copy may share them. */
export class Content {
  journal = new Map<number, JournalRow>()
  seen = new Map<number, readonly string[]>()
  days = new Map<string, StoredDay>()
  groups = new Map<string, StoredGroup>()
  tiers = new Map<string, TierRow>()
  isEmpty = true

  copy(): Content {
    const { journal, seen, days, groups, tiers, isEmpty } = this
    return Object.assign(new Content(), {
      journal: new Map(journal),
      seen: new Map(seen),
      days: new Map(days),
      groups: new Map(groups),
      tiers: new Map(tiers),
      isEmpty,
    })
  }

  apply({ seen, journal, days, groups, tiers }: Change): void {
    this.isEmpty = false
    for (const seq of journal?.remove ?? []) this.journal.delete(seq)
    for (const row of journal?.add ?? []) {
      if (this.journal.has(row.seq)) throw new Error('UNIQUE constraint failed: journal.seq')
      this.journal.set(row.seq, row)
    }
    for (const [bucket, ids] of seen ?? []) this.seen.set(bucket, [...ids])
    for (const row of days ?? []) {
      const name = dayName(row.accountId, row.keyId, row.day)
      this.days.set(name, { ...row, counts: JSON.stringify(row.counts) })
    }
    for (const row of groups ?? []) {
      this.groups.set(groupName(row), { ...row, counts: JSON.stringify(row.counts) })
    }
    for (const [hour, region, tier, count] of tiers ?? []) {
      const name = `${hour} ${region} ${tier}`
      const before = this.tiers.get(name)?.[3] ?? 0
      this.tiers.set(name, [hour, region, tier, before + count])
    }
  }

  forget(accountId: string, limit: number): boolean {
    for (const rows of [this.days, this.groups]) {
      let deleted = 0
      for (const [name, row] of rows) {
        if (row.accountId !== accountId) continue
        if (deleted++ === limit) return false
        rows.delete(name)
      }
    }
    return true
  }

  prune(bucket: number, hour: number): void {
    for (const at of this.seen.keys()) if (at < bucket) this.seen.delete(at)
    for (const [name, [at]] of this.tiers) if (at <= hour) this.tiers.delete(name)
  }

  clear(): void {
    Object.assign(this, new Content())
  }

  holds(accountId: string): boolean {
    const rows = [...this.days.values(), ...this.groups.values()]
    return (
      rows.some((row) => row.accountId === accountId) ||
      [...this.journal.values()].some(({ body }) => body.includes(`"${accountId}"`))
    )
  }
}

export type StorageContext = {
  durable: Content
  /** Makes a change durable, later. */
  write(save: () => void): void
  /** Whether the next transaction fails. */
  fails(): boolean
  alarmAt: number | null
  wakeAt(timeMs: number): void
  onDurable(change: Change): void
}

export class StorageDouble implements LedgerStorage {
  readonly content: Content
  private readonly context: StorageContext

  constructor(context: StorageContext) {
    this.content = context.durable.copy()
    this.context = context
  }

  isEmpty = () => this.content.isEmpty

  loadJournal(): JournalRow[] {
    return [...this.content.journal.values()].sort((left, right) => left.seq - right.seq)
  }

  idsIn = (bucket: number): string[] => [...(this.content.seen.get(bucket) ?? [])]

  commit(change: Change): void {
    if (this.context.fails()) throw new Error('the transaction failed')
    this.change((content) => content.apply(change))
    this.context.write(() => this.context.onDurable(change))
  }

  findDay(accountId: string, keyId: string, day: number) {
    const row = this.content.days.get(dayName(accountId, keyId, day))
    return row ? { counts: parse(row.counts), lastValidAt: row.lastValidAt } : null
  }

  findGroup(group: Omit<GroupRow, 'counts'>): DayCounts | null {
    const row = this.content.groups.get(groupName(group))
    return row ? parse(row.counts) : null
  }

  daysOfKey(accountId: string, keyId: string, days: Days) {
    return this.daysOf(accountId)
      .filter((row) => row.keyId === keyId)
      .filter(({ day }) => day >= days.first && day <= days.last)
  }

  daysOfGroup(accountId: string, kind: GroupKind, value: string | null, { first, last }: Days) {
    return this.groupsOf(accountId, kind)
      .filter((row) => row.value === value)
      .filter(({ day }) => day >= first && day <= last)
  }

  totalsAfter(accountId: string, group: 'key' | GroupKind, { from, partial, limit }: TotalsAsked) {
    const rows =
      group === 'key'
        ? this.daysOf(accountId).map((row) => ({ ...row, value: row.keyId }))
        : this.groupsOf(accountId, group).flatMap((row) => withValue(row))
    return rows
      .filter(({ value }) => from === null || compareValues(value, from) > 0)
      .sort((one, other) => compareValues(one.value, other.value) || one.day - other.day)
      .slice(0, limit)
      .map(({ value, day, counts }) => {
        const total = totalOf(counts)
        return { value, day, total, counts: partial.includes(day) ? counts : null }
      })
  }

  lastValid(accountId: string, keyIds: readonly string[]): [string, number][] {
    return keyIds.flatMap((keyId): [string, number][] => {
      const rows = [...this.content.days.values()]
      const own = rows.filter((row) => row.accountId === accountId && row.keyId === keyId)
      const at = Math.max(0, ...own.map(({ lastValidAt }) => lastValidAt))
      return at === 0 ? [] : [[keyId, at]]
    })
  }

  daysAfter(accountId: string, after: KeyPosition | null, limit: number) {
    const isWanted = (row: KeyPosition) => after === null || orderOf(row) > orderOf(after)
    const rows = this.daysOf(accountId).filter(isWanted)
    return rows.sort((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1)).slice(0, limit)
  }

  tiersFrom(hour: number): TierRow[] {
    return [...this.content.tiers.values()].filter(([at]) => at >= hour)
  }

  forget(accountId: string, limit: number): boolean {
    let isDone = false
    this.change((content) => {
      isDone = content.forget(accountId, limit)
    })
    return isDone
  }

  prune(bucket: number, hour: number): void {
    this.change((content) => content.prune(bucket, hour))
  }

  newestBucket = () => newest([...this.content.seen.keys()])
  newestTier = () => newest([...this.content.tiers.values()].map(([hour]) => hour))
  alarmAt = () => this.context.alarmAt
  wakeAt = (timeMs: number) => this.context.wakeAt(timeMs)

  async clear(): Promise<void> {
    this.change((content) => content.clear())
  }

  /** Seen at once, durable later. */
  private change(apply: (content: Content) => void): void {
    const { durable, write } = this.context
    apply(this.content)
    write(() => apply(durable))
  }

  private groupsOf(accountId: string, kind: GroupKind) {
    return [...this.content.groups.values()]
      .filter((row) => row.accountId === accountId && row.kind === kind)
      .map(({ value, day, counts }) => ({ value, day, counts: parse(counts) }))
  }

  private daysOf(accountId: string) {
    return [...this.content.days.values()]
      .filter((row) => row.accountId === accountId)
      .map(({ keyId, day, counts }) => ({ keyId, day, counts: parse(counts) }))
  }
}

function withValue<Row extends { value: string | null }>({ value, ...row }: Row) {
  return value === null ? [] : [{ ...row, value }]
}

const parse = (counts: string): DayCounts => JSON.parse(counts)
const newest = (times: number[]) => (times.length === 0 ? null : Math.max(...times))
const dayName = (accountId: string, keyId: string, day: number) => `${accountId} ${keyId} ${day}`
const orderOf = ({ keyId, day }: KeyPosition) => `${keyId} ${String(day).padStart(8, '0')}`

function groupName({ accountId, kind, value, day }: Omit<GroupRow, 'counts'>): string {
  return `${accountId} ${kind} ${day} ${JSON.stringify(value)}`
}

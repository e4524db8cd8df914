// The storage of a usage object: SQLite in a Durable Object.
import { type DayCounts, totalOf } from './counts.ts'
import type { JournalRow } from './journal.ts'
import type {
  Change,
  Days,
  GroupKind,
  GroupRow,
  KeyPosition,
  LedgerStorage,
  TotalsAsked,
} from './ledger-storage.ts'
import type { TierRow } from './message.ts'
import { statements, tables } from './statements.ts'

const kinds: Record<GroupKind, number> = { account: 0, external_id: 1, environment: 2 }
/** Keys without an external id: a primary key has no NULL. */
const noExternalId = 3

type Value = string | number
type Columns = { key: string; day: number; counts: string }
type TotalColumns = { value: string; day: number; total: number; counts: string | null }

export class UsageSqlStorage implements LedgerStorage {
  private isOpen: boolean
  private readonly sql: SqlStorage
  private readonly storage: DurableObjectStorage
  private readonly alarm: number | null

  /** @param alarm when it is set for, as `getAlarm` answered. */
  constructor(storage: DurableObjectStorage, alarm: number | null) {
    this.sql = storage.sql
    this.storage = storage
    this.alarm = alarm
    const found = this.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'journal'").toArray()
    this.isOpen = found.length > 0
  }

  isEmpty(): boolean {
    return !this.isOpen
  }

  loadJournal(): Iterable<JournalRow> {
    return this.each<JournalRow>(statements.journal)
  }

  idsIn(bucket: number): string[] {
    return JSON.parse(this.rows<{ ids: string }>(statements.ids, bucket)[0]?.ids ?? '[]')
  }

  commit(change: Change): void {
    this.storage.transactionSync(() => {
      if (!this.isOpen) for (const table of tables) this.sql.exec(table)
      write(this.sql, change)
    })
    this.isOpen = true
  }

  findDay(accountId: string, keyId: string, day: number) {
    type Row = { counts: string; lastValidAt: number }
    const [row] = this.rows<Row>(statements.day, this.numberOf(accountId), keyId, day)
    return row === undefined ? null : { ...row, counts: JSON.parse(row.counts) as DayCounts }
  }

  findGroup({ accountId, kind, value, day }: Omit<GroupRow, 'counts'>): DayCounts | null {
    const group = [kindOf(kind, value), value ?? '', day] as const
    const [row] = this.rows<Columns>(statements.group, this.numberOf(accountId), ...group)
    return row === undefined ? null : JSON.parse(row.counts)
  }

  daysOfKey(accountId: string, keyId: string, { first, last }: Days) {
    const range = [this.numberOf(accountId), keyId, first, last]
    return this.rows<Columns>(statements.daysOfKey, ...range).map(parsed)
  }

  daysOfGroup(accountId: string, kind: GroupKind, value: string | null, { first, last }: Days) {
    const group = [this.numberOf(accountId), kindOf(kind, value), value ?? '']
    return this.rows<Columns>(statements.daysOfGroup, ...group, first, last).map(parsed)
  }

  /** Row by row, since there may be many. */
  *totalsAfter(accountId: string, group: 'key' | GroupKind, { from, partial, limit }: TotalsAsked) {
    const [first = -1, last = -1] = partial
    const values = [first, last, this.numberOf(accountId), from ?? '', limit]
    const ofGroup = from === null ? statements.totalsOfWholeGroup : statements.totalsOfGroup
    const rows =
      group === 'key'
        ? this.each<TotalColumns>(statements.totalsOfKeys, ...values)
        : this.each<TotalColumns>(ofGroup, ...values, kinds[group])
    for (const { counts, ...row } of rows) {
      yield { ...row, counts: counts === null ? null : (JSON.parse(counts) as DayCounts) }
    }
  }

  lastValid(accountId: string, keyIds: readonly string[]): [keyId: string, at: number][] {
    type Row = { key: string; at: number }
    const values = [this.numberOf(accountId), JSON.stringify(keyIds)]
    return this.rows<Row>(statements.lastValid, ...values).map(({ key, at }) => [key, at])
  }

  daysAfter(accountId: string, after: KeyPosition | null, limit: number) {
    const { keyId, day } = after ?? { keyId: '', day: 0 }
    const values = [this.numberOf(accountId), keyId, day, limit]
    return this.rows<Columns>(statements.daysAfter, ...values).map(parsed)
  }

  tiersFrom(hour: number): TierRow[] {
    type Row = { hour: number; region: string; tier: string; count: number }
    const rows = this.rows<Row>(statements.tiers, hour)
    return rows.map(({ hour, region, tier, count }) => [hour, region, tier, count])
  }

  forget(accountId: string, limit: number): boolean {
    const no = this.numberOf(accountId)
    if (no === noAccount) return true
    return this.storage.transactionSync(() => forget(this.sql, no, limit))
  }

  prune(bucket: number, hour: number): void {
    this.rows(statements.pruneIds, bucket)
    this.rows(statements.pruneTiers, hour)
  }

  newestBucket(): number | null {
    return this.rows<{ n: number | null }>(statements.newestBucket)[0]?.n ?? null
  }

  newestTier(): number | null {
    return this.rows<{ n: number | null }>(statements.newestTier)[0]?.n ?? null
  }

  alarmAt(): number | null {
    return this.alarm
  }

  wakeAt(timeMs: number): void {
    void this.storage.setAlarm(timeMs)
  }

  async clear(): Promise<void> {
    this.isOpen = false
    await this.storage.deleteAll()
  }

  private numberOf(accountId: string): number {
    return this.rows<{ no: number }>(statements.account, accountId)[0]?.no ?? noAccount
  }

  private each<Row extends Record<string, SqlStorageValue>>(query: string, ...values: Value[]) {
    return this.isOpen ? this.sql.exec<Row>(query, ...values) : []
  }

  private rows<Row extends Record<string, SqlStorageValue>>(query: string, ...values: Value[]) {
    return [...this.each<Row>(query, ...values)]
  }
}

const noAccount = -1

function parsed({ key, day, counts }: Columns) {
  return { keyId: key, day, counts: JSON.parse(counts) as DayCounts }
}

function kindOf(kind: GroupKind, value: GroupRow['value']): number {
  return value === null ? noExternalId : kinds[kind]
}

function write(sql: SqlStorage, { seen, journal, days, groups, tiers }: Change): void {
  if (journal && journal.remove.length > 0) {
    sql.exec(statements.unlog, JSON.stringify(journal.remove))
  }
  for (const { seq, at, body } of journal?.add ?? []) sql.exec(statements.log, seq, at, body)
  for (const [bucket, ids] of seen ?? []) {
    sql.exec(statements.keepIds, bucket, JSON.stringify(ids))
  }
  const accountNo = createNumbering(sql)
  for (const { accountId, keyId, day, counts, lastValidAt } of days ?? []) {
    const no = accountNo(accountId)
    const row = [day, totalOf(counts), lastValidAt, JSON.stringify(counts)] as const
    sql.exec(statements.keepDay, no, keyId, ...row)
  }
  for (const { accountId, kind, value, day, counts } of groups ?? []) {
    const row = [day, totalOf(counts), JSON.stringify(counts)] as const
    const group = [kindOf(kind, value), value ?? '', ...row] as const
    sql.exec(statements.keepGroup, accountNo(accountId), ...group)
  }
  for (const tier of tiers ?? []) sql.exec(statements.addTier, ...tier)
}

/** For one transaction: a number that another one gave may have been rolled back. */
function createNumbering(sql: SqlStorage): (accountId: string) => number {
  const numbers = new Map<string, number>()
  return (accountId) => {
    let no = numbers.get(accountId)
    if (no !== undefined) return no
    const [found] = sql.exec<{ no: number }>(statements.account, accountId).toArray()
    no = found?.no ?? sql.exec<{ no: number }>(statements.addAccount, accountId).one().no
    numbers.set(accountId, no)
    return no
  }
}

function forget(sql: SqlStorage, no: number, limit: number): boolean {
  for (const statement of [statements.forgetDays, statements.forgetGroups]) {
    const { rowsWritten } = sql.exec(statement, no, limit)
    if (rowsWritten >= limit) return false
  }
  sql.exec(statements.removeAccount, no)
  return true
}

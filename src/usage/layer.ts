// Counts that are not folded yet: rows of the journal, and the same counts merged in memory.
import { addSparse, dayMs, eachSparse, entryOf, hourMs, type SparseCounts } from './counts.ts'
import { compareValues } from './group-order.ts'
import type { TierRow, UsageRow } from './message.ts'
import type { UsagePart } from './usage-calls.ts'

/** What one key counted on one day under one external id and environment. */
export type Cell = {
  keyId: string
  /** Days since 1970, in UTC. */
  day: number
  externalId: string | null
  environment: string
  /** Time of the last successful use (ms); 0: none. */
  lastValidAt: number
  counts: SparseCounts
}

type CellKey = Pick<Cell, 'keyId' | 'day' | 'externalId' | 'environment'>

export class Layer {
  /** The rows of the journal that hold this. */
  seqs: number[] = []
  /** When the oldest of them was added (ms). */
  at = Number.POSITIVE_INFINITY
  /** Characters of the rows. */
  size = 0
  /** A key day counts once for each external id and environment. */
  keyDays = 0
  /** By account, then by key. */
  readonly accounts = new Map<string, Map<string, Cell[]>>()
  readonly tiers = new Map<string, TierRow>()

  get isEmpty(): boolean {
    return this.keyDays === 0 && this.tiers.size === 0
  }

  addPart({ accounts, tiers }: UsagePart): void {
    for (const [accountId, rows] of Object.entries(accounts)) {
      for (const row of rows) this.addRow(accountId, row)
    }
    for (const tier of tiers) this.addTier(tier)
  }

  private addRow(accountId: string, row: UsageRow): void {
    const [keyId, hour, code, count, lastAt, externalId, environment] = row
    const day = Math.floor(hour / dayMs)
    const cell = this.cellOf(accountId, { keyId, day, externalId, environment }, null)
    addSparse(cell.counts, code, Math.floor((hour - day * dayMs) / hourMs), count)
    if (code === 'valid') cell.lastValidAt = Math.max(cell.lastValidAt, lastAt)
  }

  /** Takes the cell over where there is none: it belongs to one layer in use. */
  addCell(accountId: string, added: Cell): void {
    const cell = this.cellOf(accountId, added, added)
    if (cell === added) return
    eachSparse(added.counts, (code, hour, count) => addSparse(cell.counts, code, hour, count))
    cell.lastValidAt = Math.max(cell.lastValidAt, added.lastValidAt)
  }

  addTier([hour, region, tier, count]: TierRow): void {
    const name = `${hour} ${region} ${tier}`
    const [, , , before] = this.tiers.get(name) ?? [hour, region, tier, 0]
    this.tiers.set(name, [hour, region, tier, before + count])
  }

  /** Takes over what another layer counted, and its rows. */
  addAll(other: Layer): void {
    for (const [accountId, cell] of other.cells()) this.addCell(accountId, cell)
    for (const tier of other.tiers.values()) this.addTier(tier)
    this.holdRows(other.seqs, other.at, other.size)
  }

  holdRows(seqs: readonly number[], at: number, size: number): void {
    for (const seq of seqs) this.seqs.push(seq)
    this.at = Math.min(this.at, at)
    this.size += size
  }

  *cells(): Iterable<[accountId: string, cell: Cell]> {
    for (const [accountId, keys] of this.accounts) {
      for (const cells of keys.values()) for (const cell of cells) yield [accountId, cell]
    }
  }

  /** The same counts without rows; without an account, where one is given. It takes the place of this layer. */
  copy(but: string | null = null): Layer {
    const copied = new Layer()
    for (const [accountId, cell] of this.cells())
      if (accountId !== but) copied.addCell(accountId, cell)
    for (const tier of this.tiers.values()) copied.addTier(tier)
    return copied
  }

  private cellOf(accountId: string, key: CellKey, added: Cell | null): Cell {
    const { keyId, day, externalId, environment } = key
    const keys = entryOf(this.accounts, accountId, () => new Map<string, Cell[]>())
    const cells = entryOf(keys, keyId, () => [])
    const isSame = (cell: Cell) =>
      cell.day === day && cell.externalId === externalId && cell.environment === environment
    let cell = cells.find(isSame)
    if (cell === undefined) {
      cell = added ?? { keyId, day, externalId, environment, lastValidAt: 0, counts: {} }
      cells.push(cell)
      this.keyDays++
    }
    return cell
  }
}

/** Splits in the order of account and key, so that a turn writes neighbouring rows. The first holds the tiers. */
export function split(layer: Layer, maxKeyDays: number): Layer[] {
  const cells = [...layer.cells()].sort(
    ([leftAccount, left], [rightAccount, right]) =>
      compareValues(leftAccount, rightAccount) ||
      compareValues(left.keyId, right.keyId) ||
      left.day - right.day,
  )
  const parts: Layer[] = []
  for (let at = 0; at < cells.length || parts.length === 0; at += maxKeyDays) {
    const part = new Layer()
    for (const [accountId, cell] of cells.slice(at, at + maxKeyDays)) part.addCell(accountId, cell)
    parts.push(part)
  }
  for (const tier of layer.tiers.values()) parts[0]?.addTier(tier)
  return parts
}

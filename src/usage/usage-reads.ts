// What a usage object answers: rows of days merged with what is not folded yet.
import { addToDay, type DayCounts, dayMs, daysIn, eachSparse, entryOf, hourMs } from './counts.ts'
import { createGroupReads } from './group-reads.ts'
import type { Cell, Layer } from './layer.ts'
import type { LedgerStorage } from './ledger-storage.ts'
import type { UsageCalls, UsageCount, UsageDay, UsageSpan } from './usage-calls.ts'

type Reads = Omit<UsageCalls, 'add' | 'forget'>

/** @param layers what is not folded now. */
export function createReads(
  storage: LedgerStorage,
  layers: () => readonly Layer[],
  rowsInPage?: number,
): Reads {
  const cellsOf = (accountId: string) => unfoldedOf(layers(), accountId)
  const ofKeys: Reads['ofKeys'] = (accountId, keyIds, span) => {
    const all = new Map(keyIds.map((keyId) => [keyId, createSeries(span)]))
    for (const [keyId, series] of all) {
      for (const row of storage.daysOfKey(accountId, keyId, daysIn(span))) series.addDay(row)
    }
    for (const cell of cellsOf(accountId)) all.get(cell.keyId)?.addCell(cell)
    return [...all].flatMap(([keyId, series]) => {
      const counts = series.list()
      return counts.length === 0 ? [] : [[keyId, counts]]
    })
  }
  return {
    ofKey: (accountId, keyId, span) => ofKeys(accountId, [keyId], span)[0]?.[1] ?? [],
    ofKeys,
    ofAccount(accountId, span) {
      const series = createSeries(span)
      for (const row of storage.daysOfGroup(accountId, 'account', '', daysIn(span))) {
        series.addDay(row)
      }
      for (const cell of cellsOf(accountId)) series.addCell(cell)
      return series.list()
    },
    ...createGroupReads(storage, cellsOf, rowsInPage),
    lastUsed(accountId, keyIds) {
      const wanted = new Set(keyIds)
      const uses = new Map(storage.lastValid(accountId, keyIds))
      for (const { keyId, lastValidAt } of cellsOf(accountId)) {
        if (lastValidAt === 0 || !wanted.has(keyId)) continue
        uses.set(keyId, Math.max(lastValidAt, uses.get(keyId) ?? 0))
      }
      return [...uses]
    },
    days: (accountId, after, limit) =>
      daysAfter(storage, [...cellsOf(accountId)], { accountId, after, limit }),
    tiers: (fromMs) => tiersFrom(storage, layers(), fromMs),
  }
}

function* unfoldedOf(layers: readonly Layer[], accountId: string): Iterable<Cell> {
  for (const { accounts } of layers) {
    for (const cells of accounts.get(accountId)?.values() ?? []) yield* cells
  }
}

function createSeries(span: UsageSpan) {
  const byHour = new Map<number, Map<string, number>>()
  const add = (day: number, code: string, hour: number, count: number) => {
    const time = day * dayMs + hour * hourMs
    if (count === 0 || time < span.from || time >= span.to) return
    const codes = entryOf(byHour, time, () => new Map<string, number>())
    codes.set(code, (codes.get(code) ?? 0) + count)
  }
  return {
    addDay({ day, counts }: { day: number; counts: DayCounts }) {
      for (const [code, hours] of Object.entries(counts)) {
        hours.forEach((count, hour) => void add(day, code, hour, count))
      }
    },
    addCell: ({ day, counts }: Cell) =>
      eachSparse(counts, (code, hour, count) => add(day, code, hour, count)),
    list: (): UsageCount[] =>
      [...byHour]
        .sort(([left], [right]) => left - right)
        .flatMap(([time, codes]) =>
          [...codes].sort().map(([code, count]) => ({ time, code, count })),
        ),
  }
}

type Page = { accountId: string; after: { keyId: string; day: number } | null; limit: number }

function daysAfter(
  storage: LedgerStorage,
  cells: Cell[],
  { accountId, after, limit }: Page,
): UsageDay[] {
  const position = after && { keyId: after.keyId, day: after.day / dayMs }
  const days = new Map<string, { keyId: string; day: number; counts: DayCounts }>()
  for (const row of storage.daysAfter(accountId, position, limit)) {
    days.set(`${row.keyId} ${row.day}`, row)
  }
  for (const { keyId, day, counts } of cells) {
    if (position !== null && !isAfter({ keyId, day }, position)) continue
    const name = `${keyId} ${day}`
    const row = days.get(name) ?? { keyId, day, counts: {} }
    days.set(name, row)
    addToDay(row.counts, counts)
  }
  return [...days.values()]
    .sort((left, right) => (isAfter(left, right) ? 1 : -1))
    .slice(0, limit)
    .map((row) => ({ ...row, day: row.day * dayMs }))
}

type Position = { keyId: string; day: number }

function isAfter(left: Position, right: Position): boolean {
  return left.keyId === right.keyId ? left.day > right.day : left.keyId > right.keyId
}

/** Of the hours that lie in the time since `fromMs`, largest count first. */
function tiersFrom(storage: LedgerStorage, layers: readonly Layer[], fromMs: number) {
  const sums = new Map<string, { region: string; tier: string; count: number }>()
  const first = fromMs - hourMs + 1
  for (const rows of [storage.tiersFrom(first), ...layers.map(({ tiers }) => tiers.values())]) {
    for (const [hour, region, tier, count] of rows) {
      if (hour < first) continue
      const name = `${region} ${tier}`
      const sum = sums.get(name) ?? { region, tier, count: 0 }
      sums.set(name, { ...sum, count: sum.count + count })
    }
  }
  return [...sums.values()].sort((left, right) => right.count - left.count)
}

// What a usage object answers of groups: totals of all values in pages, so that it is never busy for long, and the codes
// of some values.
import { type DayCounts, daysIn, eachSparse, entryOf, hoursIn } from './counts.ts'
import { compareValues } from './group-order.ts'
import type { Cell } from './layer.ts'
import type { Days, GroupKind, LedgerStorage } from './ledger-storage.ts'
import { groupsOf } from './turn.ts'
import type {
  GroupPage,
  GroupPosition,
  GroupTotal,
  UsageCalls,
  UsageGroup,
  UsageSpan,
} from './usage-calls.ts'

type Value = string | null
type CellsOf = (accountId: string) => Iterable<Cell>

/** Of usage_day or usage_group: what is read in one call, in or out of the span. */
export const rowsInPage = 50_000

export function createGroupReads(
  storage: LedgerStorage,
  cellsOf: CellsOf,
  maxRows = rowsInPage,
): Pick<UsageCalls, 'totals' | 'ofGroup'> {
  return {
    totals(accountId, group, span, after) {
      const page = foldedPage(storage, { accountId, group, span, after, maxRows })
      for (const cell of cellsOf(accountId)) {
        const value = groupValue(cell, group)
        if (!isInPage(value, after, page.next)) continue
        eachInSpan(cell, span, (_, count) => add(page.sums, value, count))
      }
      const totals = [...page.sums].filter(([, requests]) => requests > 0)
      totals.sort(([one], [other]) => compareValues(one, other))
      return { totals, next: page.next }
    },
    ofGroup(accountId, group, values, span) {
      const totals = createTotals(span)
      for (const value of values) {
        for (const { day, counts } of daysOf(storage, accountId, { group, value }, daysIn(span))) {
          totals.addDay(value, day, counts)
        }
      }
      const wanted = new Set(values)
      for (const cell of cellsOf(accountId)) {
        const value = groupValue(cell, group)
        if (wanted.has(value)) totals.addCell(value, cell)
      }
      return totals.list()
    },
  }
}

type Asked = {
  accountId: string
  group: UsageGroup
  span: UsageSpan
  after: GroupPosition
  maxRows: number
}
type Sums = Map<Value, number>

/** A page ends with a whole value: the last one of a full page may have more days. */
function foldedPage(
  storage: LedgerStorage,
  { accountId, group, span, after, maxRows }: Asked,
): { sums: Sums; next: GroupPage['next'] } {
  const sums: Sums = new Map()
  const days = daysIn(span)
  if (after === null && group === 'external_id') {
    for (const { day, counts } of storage.daysOfGroup(accountId, group, null, days)) {
      add(sums, null, sumOf(counts, hoursIn(day, span)))
    }
  }
  let [read, last, before]: [number, Value, Value] = [0, null, null]
  const from = after?.value ?? null
  const partial = [days.first, days.last].filter((day) => isPartial(hoursIn(day, span)))
  for (const row of storage.totalsAfter(accountId, group, { from, partial, limit: maxRows })) {
    read++
    if (row.value !== last) [before, last] = [last, row.value]
    if (row.day < days.first || row.day > days.last) continue
    const isWhole = row.counts === null
    add(sums, row.value, isWhole ? row.total : sumOf(row.counts ?? {}, hoursIn(row.day, span)))
  }
  if (read < maxRows) return { sums, next: null }
  sums.delete(last)
  return { sums, next: { value: before } }
}

function isInPage(value: Value, after: GroupPosition, next: GroupPosition): boolean {
  if (after !== null && compareValues(value, after.value) <= 0) return false
  return next === null || compareValues(value, next.value) <= 0
}

type Hours = { first: number; end: number }

function isPartial({ first, end }: Hours): boolean {
  return first > 0 || end < 24
}

function sumOf(counts: DayCounts, { first, end }: Hours): number {
  let sum = 0
  for (const hours of Object.values(counts)) {
    for (let hour = first; hour < end; hour++) sum += hours[hour] ?? 0
  }
  return sum
}

function add(sums: Sums, value: Value, count: number): void {
  sums.set(value, (sums.get(value) ?? 0) + count)
}

/** Visits what a cell counted in the span. */
function eachInSpan(
  { day, counts }: Cell,
  span: UsageSpan,
  visit: (code: string, count: number) => void,
): void {
  const { first, end } = hoursIn(day, span)
  eachSparse(counts, (code, hour, count) => {
    if (hour >= first && hour < end) visit(code, count)
  })
}

function daysOf(
  storage: LedgerStorage,
  accountId: string,
  { group, value }: { group: UsageGroup; value: Value },
  days: Days,
) {
  if (group !== 'key') return storage.daysOfGroup(accountId, group, value, days)
  return value === null ? [] : storage.daysOfKey(accountId, value, days)
}

function groupValue(cell: Cell, group: 'key' | GroupKind): Value {
  if (group === 'key') return cell.keyId
  return groupsOf(cell).find(([kind]) => kind === group)?.[1] ?? null
}

function createTotals(span: UsageSpan) {
  const totals = new Map<Value, Record<string, number>>()
  const addCount = (value: Value, code: string, count: number) => {
    if (count === 0) return
    const counts = entryOf(totals, value, (): Record<string, number> => ({}))
    counts[code] = (counts[code] ?? 0) + count
  }
  return {
    addDay(value: Value, day: number, counts: DayCounts) {
      for (const [code, hours] of Object.entries(counts)) {
        addCount(value, code, sumOf({ [code]: hours }, hoursIn(day, span)))
      }
    },
    addCell(value: Value, cell: Cell) {
      eachInSpan(cell, span, (code, count) => addCount(value, code, count))
    },
    list: (): GroupTotal[] => [...totals].map(([value, counts]) => ({ value, counts })),
  }
}

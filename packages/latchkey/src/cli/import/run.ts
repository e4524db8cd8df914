// An import: rows become entries, entries batches, of which a few are under way; results are taken in the order of the rows.
import type { Connection } from '../connection.ts'
import type { Checkpoint, Counts } from './checkpoint.ts'
import { type Entry, readRow, type Settings } from './entry.ts'
import type { NumberedRow } from './rows.ts'
import { type Result, send } from './send.ts'

export type Refusal = { row: number; line: number; name: string | null; reason: string }

export type Watcher = {
  refused(refusal: Refusal): void
  /** Every row up to here has its result. */
  reached(rows: number, counts: Counts): void
  waiting(text: string): void
}

const maxKeys = 100
/** Below the 512 kB that one request may have. */
const maxBytes = 400_000
const maxUnderWay = 3

type Item =
  | { place: Place; entry: Entry }
  | { place: Place; skipped: string }
  | { place: Place; reason: string }
type Place = Omit<Refusal, 'reason'>
type Batch = { items: Item[]; results: Promise<Result[]> }

/** @param connection null: nothing is sent, and what would be counts as `would_import`. */
export async function runImport(
  rows: AsyncIterable<NumberedRow>,
  settings: Settings,
  connection: Connection | null,
  checkpoint: Checkpoint,
  watcher: Watcher,
): Promise<Counts> {
  const { start } = checkpoint
  const counts: Counts = { ...start?.counts }
  const underWay: Batch[] = []
  const settle = async () => {
    const batch = underWay.shift()
    if (batch === undefined) return
    const last = count(batch.items, await batch.results, counts, watcher)
    checkpoint.reach({ rows: last, counts })
    watcher.reached(last, counts)
  }
  for await (const items of batchesOf(rows, settings, start?.rows ?? 0)) {
    if (underWay.length === maxUnderWay) await settle()
    const entries = items.flatMap((item) => ('entry' in item ? [item.entry] : []))
    const results = sendAll(connection, entries, watcher)
    // It is awaited in its turn: until then a failure is no unhandled one.
    results.catch(() => {})
    underWay.push({ items, results })
  }
  while (underWay.length > 0) await settle()
  checkpoint.done()
  return counts
}

async function sendAll(
  connection: Connection | null,
  entries: readonly Entry[],
  { waiting }: Watcher,
): Promise<Result[]> {
  if (connection === null) return entries.map(() => ({ result: 'would_import' }))
  return entries.length === 0 ? [] : send(connection, entries, waiting)
}

/** The last row of the batch. */
function count(
  items: readonly Item[],
  results: readonly Result[],
  counts: Counts,
  { refused }: Watcher,
): number {
  const next = results.values()
  const add = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  for (const item of items) {
    if ('skipped' in item) add(item.skipped)
    else if ('reason' in item) {
      add('invalid')
      refused({ ...item.place, reason: item.reason })
    } else {
      const result = next.next().value ?? { result: 'invalid', detail: 'There was no result.' }
      add(result.result)
      const reason = reasonOf(result)
      if (reason !== null) refused({ ...item.place, reason })
    }
  }
  return items.at(-1)?.place.row ?? 0
}

function reasonOf({ detail, errors }: Result): string | null {
  if (detail !== undefined) return detail
  return errors?.map(({ path, message }) => `${path}: ${message}`).join('; ') ?? null
}

async function* batchesOf(
  rows: AsyncIterable<NumberedRow>,
  settings: Settings,
  after: number,
): AsyncGenerator<Item[]> {
  let items: Item[] = []
  let bytes = 0
  for await (const row of rows) {
    if (row.number <= after) continue
    const item = itemOf(row, settings)
    const size = 'entry' in item ? Buffer.byteLength(JSON.stringify(item.entry)) : 0
    if (items.length === maxKeys || (bytes + size > maxBytes && items.length > 0)) {
      yield items
      items = []
      bytes = 0
    }
    items.push(item)
    bytes += size
  }
  if (items.length > 0) yield items
}

function itemOf(row: NumberedRow, settings: Settings): Item {
  const { number, line } = row
  const named = { row: number, line, name: null }
  if ('unreadable' in row) return { place: named, reason: row.unreadable }
  const { name } = row.row
  const place = { ...named, name: typeof name === 'string' && name !== '' ? name : null }
  const reading = readRow(row.row, settings, Date.now())
  switch (reading.kind) {
    case 'entry':
      return { place, entry: reading.entry }
    case 'skipped':
      return { place, skipped: reading.why }
    case 'refused':
      return { place, reason: `${reading.field}: ${reading.reason}` }
  }
}

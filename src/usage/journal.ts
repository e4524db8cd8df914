// The rows of the journal as text.
import type { SparseCounts } from './counts.ts'
import { type Cell, type Layer, split } from './layer.ts'
import type { TierRow } from './message.ts'

export type JournalRow = { seq: number; at: number; body: string }

type Body = { accounts: Record<string, CellRow[]>; tiers: TierRow[] }

type CellRow = [
  keyId: string,
  day: number,
  externalId: string | null,
  environment: string,
  lastValidAt: number,
  counts: SparseCounts,
]

/** A value of SQLite in a Durable Object may have 2 MB. */
const maxBytes = 1_900_000

/** A layer in pieces, each with its text, that are small enough for a row. */
export function piecesOf(layer: Layer): { layer: Layer; body: string }[] {
  const body = encode(layer)
  if (layer.keyDays <= 1 || byteLength(body) <= maxBytes) return [{ layer, body }]
  return split(layer, Math.ceil(layer.keyDays / 2)).flatMap(piecesOf)
}

function encode(layer: Layer): string {
  const accounts: Body['accounts'] = {}
  for (const [accountId, cell] of layer.cells()) {
    accounts[accountId] ??= []
    accounts[accountId].push(rowOf(cell))
  }
  const body: Body = { accounts, tiers: [...layer.tiers.values()] }
  return JSON.stringify(body)
}

function rowOf({ keyId, day, externalId, environment, lastValidAt, counts }: Cell): CellRow {
  return [keyId, day, externalId, environment, lastValidAt, counts]
}

/** Adds a row of the journal to a layer. */
export function addRow(layer: Layer, { seq, at, body }: JournalRow): void {
  const { accounts, tiers }: Body = JSON.parse(body)
  for (const [accountId, rows] of Object.entries(accounts)) {
    for (const [keyId, day, externalId, environment, lastValidAt, counts] of rows) {
      layer.addCell(accountId, { keyId, day, externalId, environment, lastValidAt, counts })
    }
  }
  for (const tier of tiers) layer.addTier(tier)
  layer.holdRows([seq], at, body.length)
}

const encoder = new TextEncoder()

function byteLength(text: string): number {
  // No character has more than three bytes in UTF-8 for one unit of UTF-16.
  return text.length * 3 <= maxBytes ? text.length : encoder.encode(text).byteLength
}

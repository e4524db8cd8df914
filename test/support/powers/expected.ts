// The keys as they should be after a call, to compare with those that are.
import type { Refill, Row } from './rows.ts'

export type Times = { fromMs: number; toMs: number }

/** The rows as they should be now; a new row has the id that it has. */
export function after(
  before: readonly Row[],
  changed: ReadonlyMap<string, Row>,
  now: readonly Row[],
  times: Times,
): Row[] {
  const known = new Set(before.map(({ id }) => id))
  const newId = now.find(({ id }) => !known.has(id))?.id ?? 'new'
  const named = (row: Row): Row => ({
    ...row,
    id: row.id === 'new' ? newId : row.id,
    replacedBy: row.replacedBy === 'new' ? newId : row.replacedBy,
  })
  const all = [
    ...before.map((row) => changed.get(row.id) ?? row),
    ...[changed.get('new') ?? []].flat(),
  ]
  const actual = new Map(now.map((row) => [row.id, row]))
  return all
    .map(named)
    .map((row) => aligned(row, actual.get(row.id), times))
    .toSorted(byId)
}

export const byId = (a: Row, b: Row) => (a.id < b.id ? -1 : 1)

/** The expected row with the times that the server's clock gave, where they are of this call. */
function aligned(expected: Row, actual: Row | undefined, { fromMs, toMs }: Times): Row {
  const near = <Time extends number | null | undefined>(time: Time, own: Time): Time =>
    typeof time === 'number' && typeof own === 'number' && Math.abs(time - own) <= toMs - fromMs + 5
      ? own
      : time
  const { credits } = expected
  const refill = credits?.refill && {
    ...credits.refill,
    since: near(credits.refill.since, actual?.credits?.refill?.since),
  }
  return {
    ...expected,
    createdAt: near(expected.createdAt, actual?.createdAt ?? null) ?? 0,
    expiresAt: near(expected.expiresAt, actual?.expiresAt ?? null),
    revokedAt: near(expected.revokedAt, actual?.revokedAt ?? null),
    credits: credits && {
      ...credits,
      since: near(credits.since, actual?.credits?.since ?? 0),
      refill: refill as Refill | null,
    },
  }
}

// What a turn of the fold stores: the counts of a layer added to the rows of their days and groups.
import { addToDay, entryOf } from './counts.ts'
import type { Cell, Layer } from './layer.ts'
import type { Change, DayRow, GroupKind, GroupRow, LedgerStorage } from './ledger-storage.ts'

type Stored = Pick<LedgerStorage, 'findDay' | 'findGroup'>

/** The newest successful use of each key that has one. */
export function lastUses(layer: Layer): [keyId: string, at: number][] {
  const uses = new Map<string, number>()
  for (const [, { keyId, lastValidAt }] of layer.cells()) {
    if (lastValidAt > 0) uses.set(keyId, Math.max(lastValidAt, uses.get(keyId) ?? 0))
  }
  return [...uses]
}

export function changesOf(
  layer: Layer,
  storage: Stored,
): Required<Pick<Change, 'days' | 'groups'>> {
  const days = new Map<string, DayRow>()
  const groups = new Map<string, GroupRow>()
  for (const [accountId, cell] of layer.cells()) {
    addDay(days, storage, accountId, cell)
    for (const [kind, value] of groupsOf(cell)) {
      addGroup(groups, storage, { accountId, kind, value, day: cell.day }, cell)
    }
  }
  return { days: [...days.values()], groups: [...groups.values()] }
}

/** The groups that a cell counts for. */
export function groupsOf({ externalId, environment }: Cell): [GroupKind, string | null][] {
  return [
    ['account', ''],
    ['external_id', externalId],
    ['environment', environment],
  ]
}

function addDay(days: Map<string, DayRow>, storage: Stored, accountId: string, cell: Cell): void {
  const { keyId, day, counts, lastValidAt } = cell
  const row = entryOf(days, `${accountId} ${keyId} ${day}`, () => {
    const before = storage.findDay(accountId, keyId, day) ?? { counts: {}, lastValidAt: 0 }
    return { accountId, keyId, day, ...before }
  })
  addToDay(row.counts, counts)
  row.lastValidAt = Math.max(row.lastValidAt, lastValidAt)
}

function addGroup(
  groups: Map<string, GroupRow>,
  storage: Stored,
  group: Omit<GroupRow, 'counts'>,
  { counts }: Cell,
): void {
  const { accountId, kind, value, day } = group
  const row = entryOf(groups, `${accountId} ${kind} ${day} ${JSON.stringify(value)}`, () => {
    return { ...group, counts: storage.findGroup(group) ?? {} }
  })
  addToDay(row.counts, counts)
}

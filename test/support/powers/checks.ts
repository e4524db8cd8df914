// What no call may ever do, whatever the model predicted for it.
import { expect } from 'vitest'
import {
  accountOf,
  couldCreate,
  type ModelActor,
  madeBy,
  mayTouch,
  rootOf,
  tightens,
} from './model.ts'
import type { Row } from './rows.ts'

/** By id, each key as it was at its last grant. */
export type Granted = Map<string, Row>

type Step = {
  actor: ModelActor
  before: readonly Row[]
  after: readonly Row[]
  fromMs: number
  toMs: number
}

export function checkPowers(step: Step, granted: Granted, context: () => string): void {
  const { actor, before, after, fromMs, toMs } = step
  const old = new Map(before.map((row) => [row.id, row]))
  const could = (row: Row) => couldCreate(actor, row, fromMs) || couldCreate(actor, row, toMs)
  expect(after.length, 'no key is ever deleted').toBeGreaterThanOrEqual(before.length)
  for (const row of after) {
    const was = old.get(row.id)
    if (was !== undefined && JSON.stringify(was) === JSON.stringify(row)) continue
    expect(row.accountId, `nothing of another account changes: ${context()}`).toBe(accountOf(actor))
    if (was !== undefined) {
      expect(mayTouch(actor, was), `no reserved key changes: ${context()}`).toBe(true)
      expect(was.revokedAt === null || row.revokedAt !== null, 'revoked for good').toBe(true)
    }
    const last = granted.get(row.id)
    if (was !== undefined && last !== undefined && tightens(last, row) && tightens(was, row))
      continue
    if (was?.replacedBy) expect.fail(`a rotated key came back: ${context()}`)
    // A key that rotates itself makes what it is already.
    const own = before.find(({ id }) => actor.kind === 'key' && id === actor.row.id)
    const isOwnSuccessor = was === undefined && own !== undefined && rootOf(row) === rootOf(own)
    if (!could(row) && !(isOwnSuccessor && tightens(own, row))) {
      expect.fail(
        `no one who could not create this key grants it: ${JSON.stringify(row)}\n${context()}`,
      )
    }
    granted.set(row.id, row)
  }
  checkNumber(step, context)
}

/** A managing key makes no key beyond its `max_keys`. */
function checkNumber({ actor, before, after }: Step, context: () => string): void {
  if (actor.kind === 'person' || actor.row.mayGrant === null) return
  const { maxKeys } = actor.row.mayGrant
  if (maxKeys === null) return
  const root = rootOf(actor.row)
  const now = madeBy(root, after)
  if (now > madeBy(root, before)) expect(now, context()).toBeLessThanOrEqual(maxKeys)
}

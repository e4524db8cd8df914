// Which keys a change concerns, as a condition in SQL.
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { PortalCustomer } from '../core/actor.ts'
import { changeable, listed, madeKeys, type Reach } from './key-reach.ts'
import { isInForce } from './portal-conditions.ts'
import { apiKey } from './schema.ts'

/** Which keys of an account a change concerns. */
export type Selection =
  | { by: 'version'; id: string; seq: number }
  | { by: 'ids'; ids: readonly string[] }
  | NamedSelection
  | { by: 'account' }

/** Keys that share an attribute. */
export type NamedSelection =
  | { by: 'creator'; createdBy: string }
  | { by: 'maker'; madeBy: string }
  | { by: 'externalId'; externalId: string }

export type LimitedMaker = { madeBy: string; maxKeys: number }

type Selected = {
  accountId: string
  selection: Selection
  reach?: Reach
  maker?: LimitedMaker
  /** Of a customer's change, whose session must be in force. */
  portal?: PortalCustomer
  nowMs: number
}

/** Whether this maker may make another key. */
export function roomOf({ madeBy, maxKeys }: LimitedMaker): SQL {
  return sql`${madeKeys(madeBy, maxKeys)} < ${maxKeys}`
}

/** Other selections name their keys, and are small. */
export function isBounded({ by }: Selection): boolean {
  return by in indexes
}

/** The rows of a change; of a bulk change, as many as one batch writes. */
export function selectedBy(change: Selected, perBatch: number): SQL | undefined {
  return isBounded(change.selection) ? someOf(change, perBatch) : selected(change)
}

/** A batch that changed them leaves them out of the next. */
function someOf(change: Selected, count: number): SQL {
  const index = sql.raw(indexes[change.selection.by as keyof typeof indexes])
  return sql`rowid in (select rowid from ${apiKey} indexed by ${index} where ${selected(change)} limit ${count})`
}

/** Named, since another one would read the revoked keys too: SQLite's own choice follows its statistics. */
export const indexes = {
  creator: 'api_key_by_creator',
  maker: 'api_key_of_maker',
  externalId: 'api_key_by_external_id',
  account: 'api_key_unrevoked',
}

function selected({
  accountId,
  selection,
  reach,
  maker,
  portal,
  nowMs,
}: Selected): SQL | undefined {
  const ofAccount = eq(apiKey.accountId, accountId)
  const reached = reach && changeable(reach)
  // A bulk change is a revocation, which leaves revoked keys as they are.
  const inForce = and(ofAccount, isNull(apiKey.revokedAt), reached)
  switch (selection.by) {
    case 'version':
      return and(
        ofAccount,
        eq(apiKey.id, selection.id),
        eq(apiKey.seq, selection.seq),
        maker && roomOf(maker),
        portal && isInForce(portal.sessionId, nowMs),
      )
    case 'ids':
      // The + keeps SQLite from choosing the account's index, which would read all keys of the account.
      return and(
        sql`+${apiKey.accountId} = ${accountId}`,
        isNull(apiKey.revokedAt),
        inArray(apiKey.id, listed(selection.ids)),
        reached,
      )
    case 'creator':
      return and(inForce, eq(apiKey.createdBy, selection.createdBy))
    case 'maker':
      return and(inForce, eq(apiKey.madeBy, selection.madeBy))
    case 'externalId':
      return and(inForce, eq(apiKey.externalId, selection.externalId))
    case 'account':
      return inForce
  }
}

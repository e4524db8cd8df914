// What the routes of a customer's keys share: no key of anybody else exists for them.
import type { Context } from 'hono'
import type { ChangeResult, ChangeStores, Progress } from '../../../keys/change.ts'
import { refuseUntouchable } from '../../../keys/powers.ts'
import type { Refusal } from '../../../keys/refusal.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import type { AppEnv } from '../../app-env.ts'
import { callerOf } from '../../routing/caller.ts'
import { noSuchKey } from '../keys/refusals.ts'
import { newKeyView, viewsOf } from '../keys/views.ts'
import { notDoneForCustomer } from './failures.ts'
import { portalViewOf } from './schema.ts'

export const keysPath = '/api/v1/portal/keys'
export const keyPath = `${keysPath}/{id}` as const

type Portal = Context<AppEnv>

/** The stores of changes, in which the customer's keys are the only ones: each change reads its key by them, and writes that version. */
export async function customerStores(c: Portal): Promise<ChangeStores> {
  const stores = await c.env.changeStores()
  const { externalId } = c.var.customer.session
  return {
    ...stores,
    async find(accountId, id) {
      const key = await stores.find(accountId, id)
      return key?.externalId === externalId ? key : null
    },
  }
}

/** @throws Problem 404 */
export async function customerKey(c: Portal, id: string): Promise<ListedKey> {
  const { find } = await customerStores(c)
  const key = await find(c.var.customer.session.accountId, id)
  if (key === null) throw noSuchKey()
  return key
}

export async function customerViews(c: Portal, keys: readonly ListedKey[]) {
  const views = await viewsOf(c, keys)
  return views.map((view, at) => portalViewOf(view, isReadOnly(c, keys[at] as ListedKey)))
}

export async function customerView(c: Portal, key: ListedKey) {
  const [view] = await customerViews(c, [key])
  if (view === undefined) throw new Error('A key was shown, and there is no view of it.')
  return view
}

/** Of a key that this request created. */
export async function newCustomerView(c: Portal, key: ListedKey) {
  return portalViewOf(await newKeyView(c, key), isReadOnly(c, key))
}

function isReadOnly(c: Portal, key: ListedKey): boolean {
  return refuseUntouchable(callerOf(c), key, c.env) !== null
}

/** @throws Problem 403, 404 or 409 */
export function progressForCustomer(changed: ChangeResult<Refusal>): Progress {
  if (changed.kind !== 'done') throw notDoneForCustomer(changed)
  return changed.progress
}

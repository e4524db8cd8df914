// Keys as responses show them, each with the current credits of its meter.
import { limitsOf } from '../../../core/limits.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import { inOrder } from '../../routing/in-order.ts'
import type { Services } from '../../services.ts'
import { type KeyView, viewOf } from './key-schema.ts'

/** Views in the order of `keys`; without an answer from its meter, `remaining` is null. */
export function viewsOf(services: Services, keys: readonly ListedKey[]): Promise<KeyView[]> {
  return inOrder(keys, async (key) =>
    viewOf(key, await balanceOf(services, key), services.clock.now()),
  )
}

export async function viewFor(services: Services, key: ListedKey): Promise<KeyView> {
  const [view] = await viewsOf(services, [key])
  if (view === undefined) throw new Error('A key was shown, and there is no view of it.')
  return view
}

async function balanceOf(services: Services, key: ListedKey): Promise<number | null> {
  if (key.credits === null) return null
  const limits = limitsOf(key)
  if (limits === null) return null
  const left = await services.meters().read(limits.meter, limits.terms)
  return left.outcome === 'read' ? left.credits : null
}

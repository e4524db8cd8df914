// Keys as answers show them, each with the credits that its meter holds right now.
import { limitsOf } from '../../../core/limits.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import { type Isolate, metersOf } from '../../../worker/context.ts'
import { inOrder } from '../../routing/in-order.ts'
import { type KeyView, viewOf } from './key-schema.ts'

/** The views of keys in their order; a meter that does not answer leaves `remaining` null. */
export function viewsOf(
  { clock }: Isolate,
  env: Env,
  keys: readonly ListedKey[],
): Promise<KeyView[]> {
  return inOrder(keys, async (key) => viewOf(key, await balanceOf(env, key), clock.now()))
}

export async function viewFor(isolate: Isolate, env: Env, key: ListedKey): Promise<KeyView> {
  const [view] = await viewsOf(isolate, env, [key])
  if (view === undefined) throw new Error('A key was shown, and there is no view of it.')
  return view
}

async function balanceOf(env: Env, key: ListedKey): Promise<number | null> {
  if (key.credits === null) return null
  const limits = limitsOf(key)
  if (limits === null) return null
  const left = await metersOf(env).read(limits.meter, limits.terms)
  return left.outcome === 'read' ? left.credits : null
}

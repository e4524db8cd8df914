// Keys as responses show them, each with the current credits of its meter and its last use.
import type { Context } from 'hono'
import { isForeign } from '../../../core/actor.ts'
import { limitsOf } from '../../../core/limits.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import type { AppEnv } from '../../app-env.ts'
import { inOrder } from '../../routing/in-order.ts'
import { isoTime } from '../../routing/time.ts'
import type { Services } from '../../services.ts'
import { type KeyView, viewOf } from './key-schema.ts'

/** The services of a request, and who reads. */
type Reading = Pick<Context<AppEnv>, 'env' | 'var'>

/**
 * Views in the order of `keys`, which are of one account; without an answer from its meter, `remaining` is null, and
 * without one from the usage objects `last_used_at` is up to 6 hours old.
 */
export async function viewsOf(c: Reading, keys: readonly ListedKey[]): Promise<KeyView[]> {
  const uses = lastUses(c.env, keys)
  return inOrder(keys, async (key) => {
    const view = await newKeyView(c, key)
    const usedAt = Math.max(key.lastUsedAt ?? 0, (await uses).get(key.id) ?? 0)
    return usedAt === 0 ? view : { ...view, last_used_at: isoTime(usedAt) }
  })
}

export async function viewFor(c: Reading, key: ListedKey): Promise<KeyView> {
  const [view] = await viewsOf(c, [key])
  if (view === undefined) throw new Error('A key was shown, and there is no view of it.')
  return view
}

/** Of a key that this request created. */
export async function newKeyView(
  { env, var: { actor } }: Reading,
  key: ListedKey,
): Promise<KeyView> {
  const shown = isForeign(actor) ? { ...key, creatorName: null } : key
  return viewOf(shown, await balanceOf(env, key), env)
}

/** One call a usage object for all of them. */
async function lastUses(services: Services, keys: readonly ListedKey[]) {
  const [first] = keys
  if (first === undefined) return new Map<string, number>()
  const usage = await services.usageReader()
  const ids = keys.map(({ id }) => id)
  return usage.lastUsed(first.accountId, ids, services.clock.now())
}

async function balanceOf(services: Services, key: ListedKey): Promise<number | null> {
  if (key.credits === null) return null
  const limits = limitsOf(key)
  if (limits === null) return null
  const left = await (await services.meters()).read(limits.meter, limits.terms)
  return left.outcome === 'read' ? left.credits : null
}

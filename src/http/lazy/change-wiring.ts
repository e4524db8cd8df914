// The bindings that a change of keys needs, as the narrow arguments of authority/. Apart from wiring.ts: to
// check a key none of this is evaluated.
import type { ChangeSettings, ChangeStores } from '../../authority/change.ts'
import type { KeySettings } from '../../authority/keys.ts'
import type { LeakStores } from '../../authority/leaks.ts'
import { defaultMarginMs, type SettleSettings } from '../../authority/settle.ts'
import { createAllFences } from '../../coherence/fences.ts'
import { createKeyCache } from '../../storage/key-cache.ts'
import { createKeyChanges } from '../../storage/key-changes.ts'
import { findByDigests, findKey } from '../../storage/key-store.ts'
import type { Isolate } from '../wiring.ts'

export function changeStores({ memory }: Isolate, env: Env): ChangeStores {
  return {
    fences: createAllFences(env.FENCE),
    changes: createKeyChanges(env.DB),
    cache: createKeyCache(env.KEY_CACHE),
    memory,
    find: (accountId, id) => findKey(env.DB, accountId, id),
  }
}

export function leakStores(isolate: Isolate, env: Env): LeakStores {
  const byDigests = (digests: readonly string[]) => findByDigests(env.DB, digests)
  return { ...changeStores(isolate, env), findByDigests: byDigests }
}

export function settleSettings({ config, clock }: Isolate): SettleSettings {
  return { leaseMs: config.leaseMs, marginMs: defaultMarginMs, clock }
}

export async function keySettings(
  isolate: Isolate,
  env: Env,
  request: Pick<ChangeSettings, 'respondAsync' | 'afterwards'>,
): Promise<KeySettings> {
  return {
    ...settleSettings(isolate),
    ...request,
    config: isolate.config,
    tagKeys: await isolate.tagKeys(env.TAG_SECRETS),
    randomBytes: (bytes) => crypto.getRandomValues(bytes),
    newId: () => crypto.randomUUID(),
  }
}

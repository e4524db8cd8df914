// What changes of keys need, made from the bindings. Loaded by the first change: no verification evaluates it.
import { createAllFences } from '../coherence/fences.ts'
import { resetFences } from '../coherence/restore.ts'
import { defaultMarginMs, type SettleSettings, settle } from '../coherence/settle.ts'
import type { ChangeSettings, ChangeStores } from '../keys/change.ts'
import type { LeakStores } from '../keys/leaks.ts'
import type { KeySettings } from '../keys/mint.ts'
import { createKeyCache } from '../storage/key-cache.ts'
import { createKeyChanges } from '../storage/key-changes.ts'
import { findByDigests, findKey, findOwnSuccessors } from '../storage/key-store.ts'
import type { Isolate, WaitUntil } from './context.ts'

export { githubKeySource } from './targets.ts'

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
  const findOwn = (ids: readonly string[]) => findOwnSuccessors(env.DB, ids)
  return { ...changeStores(isolate, env), findByDigests: byDigests, findOwnSuccessors: findOwn }
}

export function settleSettings({ config, clock }: Isolate, waitUntil: WaitUntil): SettleSettings {
  return { leaseMs: config.leaseMs, marginMs: defaultMarginMs, clock, waitUntil }
}

export async function keySettings(
  isolate: Isolate,
  env: Env,
  request: Pick<ChangeSettings, 'respondAsync' | 'waitUntil'>,
): Promise<KeySettings> {
  return {
    ...settleSettings(isolate, request.waitUntil),
    respondAsync: request.respondAsync,
    config: isolate.config,
    tagKeys: await isolate.tagKeys(env.TAG_SECRETS),
    randomBytes: (bytes) => crypto.getRandomValues(bytes),
    newId: () => crypto.randomUUID(),
  }
}

/** @returns the regions that have not acknowledged. @throws StoreUnavailable */
export function settleAccount(
  isolate: Isolate,
  env: Env,
  accountId: string,
  waitUntil: WaitUntil,
): Promise<string[]> {
  return settle(changeStores(isolate, env), settleSettings(isolate, waitUntil), { accountId })
}

/** @returns the fences that have not acknowledged. */
export function resetAllFences(
  { config, clock }: Isolate,
  { FENCE }: Pick<Env, 'FENCE'>,
  names: readonly string[],
): Promise<string[]> {
  const settings = { leaseMs: config.leaseMs, marginMs: defaultMarginMs, clock }
  return resetFences({ fences: createAllFences(FENCE) }, settings, names)
}

// The canary: revokes its own key as an owner would, and once that is in force reads it in every region, as
// a reader with stale caches would. A region that still accepts the key has broken the coherence guarantee.
// The digest of its key is random, so no token has it, and its account has no members. Its runs have a table of their
// own (storage/canary-log.ts): its changes, two every five minutes, leave no audit events.

import { FenceView } from '../coherence/view.ts'
import { decide, needsOf } from '../core/verdict.ts'
import { errorSummary } from '../log.ts'
import type { CanaryRun } from '../storage/canary-log.ts'
import type { KeyCache } from '../storage/key-cache.ts'
import type { KeyPatch } from '../storage/key-changes.ts'
import type { ListedKey } from '../storage/key-store.ts'
import { createMemory } from '../storage/memory.ts'
import type { RegionProbe } from '../storage/schema.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'
import { type ChangeSettings, type ChangeStores, changeOne, type Progress } from './change.ts'
import { type LookUpSettings, type LookUpStores, lookUp, recall } from './look-up.ts'

export const canaryAccountId = '00000000-0000-4000-8000-0000ca9a4900'
export const canaryKeyId = '00000000-0000-4000-8000-0000ca9a4901'

export type CanaryStores = ChangeStores & {
  cache: KeyCache
  /** The fences, each with its region and the stores of a reader there. */
  regions(
    digest: string,
  ): Promise<{ region: string; stores: Omit<LookUpStores, 'memory' | 'view'> }[]>
}

export type CanarySettings = Omit<ChangeSettings, 'respondAsync'> & {
  config: Parameters<typeof decide>[3]
  randomBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array
}

/** Runs once, which takes about twice lease and margin. Never throws: an error is in the result. */
export async function runCanary(
  stores: CanaryStores,
  settings: CanarySettings,
): Promise<CanaryRun> {
  const startedAt = settings.clock.now()
  try {
    const found = await runOnce(stores, settings)
    return { startedAt, endedAt: settings.clock.now(), ...found }
  } catch (error) {
    const endedAt = settings.clock.now()
    const problem = errorSummary(error)
    return { startedAt, endedAt, outcome: 'unfinished', revocationMs: null, regions: [], problem }
  }
}

async function runOnce(
  stores: CanaryStores,
  settings: CanarySettings,
): Promise<Omit<CanaryRun, 'startedAt' | 'endedAt'>> {
  const { clock } = settings
  const { digest } = await ensureKey(stores, settings)
  await change(stores, settings, (key) => (key.revokedAt === null ? null : { revokedAt: null }))
  const readers = (await stores.regions(digest)).map((each) => createReader(each, settings, digest))
  const before = await Promise.all(readers.map((reader) => reader.readActive()))
  const revokedAt = clock.now()
  const progress = await change(stores, settings, () => ({ revokedAt }))
  const revocationMs = clock.now() - revokedAt
  const pending = progress.kind === 'pending' ? progress.regions : []
  const after = await Promise.all(readers.map((reader) => reader.readRevoked()))
  const regions = readers.map(({ region }, at): RegionProbe => {
    const isPending = pending.includes(region)
    return { region, isPending, before: before[at] ?? 'unknown', after: after[at] ?? [] }
  })
  const isUnchanged = (await stores.find(canaryAccountId, canaryKeyId))?.revokedAt === revokedAt
  return { revocationMs, regions, ...judge(regions, isUnchanged) }
}

function judge(
  regions: readonly RegionProbe[],
  isUnchanged: boolean,
): Pick<CanaryRun, 'outcome' | 'problem'> {
  // A concurrent run has restored the key, so a region may have accepted it correctly.
  if (!isUnchanged) {
    return { outcome: 'unfinished', problem: 'Another run changed the key meanwhile.' }
  }
  const passing = regions.filter(({ isPending, after }) => !isPending && after.includes('valid'))
  if (passing.length > 0) {
    return { outcome: 'broken', problem: `A revoked key passed in ${namesOf(passing)}.` }
  }
  const pending = regions.filter(({ isPending }) => isPending)
  if (pending.length > 0) {
    return { outcome: 'unfinished', problem: `No acknowledgement from ${namesOf(pending)}.` }
  }
  // A region that did not accept the key before proves nothing by refusing it afterwards.
  const inconclusive = regions.filter(
    ({ before, after }) => before !== 'valid' || after.some((code) => code !== 'revoked_api_key'),
  )
  if (inconclusive.length > 0) {
    return { outcome: 'unfinished', problem: `Not known in ${namesOf(inconclusive)}.` }
  }
  return { outcome: 'held', problem: null }
}

const namesOf = (regions: readonly RegionProbe[]) => regions.map(({ region }) => region).join(', ')

/** A reader in one region with its own memory, and with the stalest caches that the platform permits. */
function createReader(
  { region, stores }: Awaited<ReturnType<CanaryStores['regions']>>[number],
  { config, clock, leaseMs }: CanarySettings,
  digest: string,
) {
  const settings: LookUpSettings = { leaseMs, now: clock.now, waitUntil() {} }
  const fresh = () => ({ memory: createMemory(), view: new FenceView() })
  const withMemory: LookUpStores = { ...stores, ...fresh() }
  const codeFrom = async (from: LookUpStores) => {
    try {
      const record = recall(from, settings, digest) ?? (await lookUp(from, settings, digest)).record
      return record === null
        ? 'invalid_api_key'
        : decide(record, { ...needsOf(), ip: null }, clock.now(), config).code
    } catch (error) {
      if (error instanceof StoreUnavailable) return 'unknown'
      throw error
    }
  }
  let held: ReturnType<LookUpStores['memory']['get']> = null
  return {
    region,
    /** Reads the active key, and keeps it in memory. */
    async readActive() {
      const code = await codeFrom(withMemory)
      held = withMemory.memory.get(digest)
      return code
    },
    /** Reads the revoked key with that memory, and with a KV that still returns the active record. */
    async readRevoked() {
      const stale = held === null ? null : { record: held.record, cachedAt: clock.now() }
      const cache: KeyCache = { get: async () => stale, async put() {}, async purge() {} }
      const withStaleCache: LookUpStores = { ...stores, cache, ...fresh() }
      return [await codeFrom(withMemory), await codeFrom(withStaleCache)]
    },
  }
}

async function ensureKey(stores: CanaryStores, settings: CanarySettings): Promise<ListedKey> {
  const find = () => stores.find(canaryAccountId, canaryKeyId)
  const found = await find()
  if (found !== null) return found
  const now = settings.clock.now()
  const digest = settings.randomBytes(new Uint8Array(32)).toHex()
  const attributes = { name: 'Canary', format: 'canary', keyPrefix: '', scopes: [], createdAt: now }
  const key = { id: canaryKeyId, digest, accountId: canaryAccountId, ...attributes }
  // It fails when a concurrent run has created the key.
  await stores.changes.create(key, null, now).catch(() => {})
  const created = await find()
  if (created === null) throw new Error('The key of the canary could not be created.')
  return created
}

async function change(
  stores: CanaryStores,
  settings: CanarySettings,
  patchOf: (key: ListedKey) => KeyPatch | null,
): Promise<Progress> {
  const target = { accountId: canaryAccountId, id: canaryKeyId }
  const waiting = { ...settings, respondAsync: false }
  const changed = await changeOne<never>(stores, waiting, target, (key) => {
    const patch = patchOf(key)
    return patch === null ? null : { patch, audit: null }
  })
  if (changed.kind !== 'done') throw new Error(`The key of the canary: ${changed.kind}.`)
  return changed.progress
}

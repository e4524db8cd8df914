// Imports keys of other systems by the digests of their tokens. A digest that exists keeps its key.
import { auditEntry, type Caller } from '../core/audit.ts'
import { foreignKeyPrefix } from '../core/foreign.ts'
import { creditTerms } from '../core/limits.ts'
import type { NewKey } from '../storage/key-changes.ts'
import type { KeyImport } from '../storage/key-import.ts'
import type { KeyAttributes } from './attributes.ts'
import type { KeySettings } from './mint.ts'
import { grantor, refuseNewKey } from './powers.ts'

export type KeyToImport = KeyAttributes & {
  /** SHA-256 of the token, 64 lower-case hex letters. */
  digest: string
  /** The name of one of `config.foreign`. */
  formatName: string
  /** The first letters of the token, as far as they are known. */
  start: string
}

export type ImportResult =
  | { result: 'created'; id: string }
  /** The digest exists, in this account or another: which one is not disclosed. */
  | { result: 'exists' }
  | { result: 'forbidden'; detail: string }

export type ImportSettings = Pick<KeySettings, 'config' | 'newId' | 'clock'>

/**
 * Stores the keys whose scopes the caller may grant.
 * @returns one result for each key, in their order.
 * @throws StoreUnavailable when D1 does not answer; some of the keys may then be stored.
 */
export async function importKeys(
  { store }: KeyImport,
  settings: ImportSettings,
  caller: Caller,
  keys: readonly KeyToImport[],
): Promise<ImportResult[]> {
  const plans = keys.map((key) => planOf(settings, caller, key))
  const planned = plans.flatMap((plan) => ('key' in plan ? [plan.key] : []))
  const audit = auditEntry(caller, 'key.imported', {})
  const stored = planned.length === 0 ? [] : await store(planned, audit, settings.clock.now())
  const ids = new Set(stored)
  return plans.map((plan) => {
    if (!('key' in plan)) return plan
    const { id } = plan.key
    return ids.has(id) ? { result: 'created', id } : { result: 'exists' }
  })
}

function planOf(
  settings: ImportSettings,
  caller: Caller,
  { digest, formatName, start, ...attributes }: KeyToImport,
): { key: NewKey } | Extract<ImportResult, { result: 'forbidden' }> {
  const { config, newId, clock } = settings
  const { actor } = caller
  const refused = refuseNewKey(caller, attributes, settings)
  if (refused?.reason === 'grant') return { result: 'forbidden', detail: refused.detail }
  const format = config.foreign[formatName]
  if (format === undefined) throw new Error(`No foreign format is named ${formatName}.`)
  const key: NewKey = {
    ...attributes,
    ...grantor(actor),
    credits: attributes.credits && creditTerms(null, attributes.credits, clock.now()),
    id: newId(),
    digest,
    accountId: actor.accountId,
    format: formatName,
    keyPrefix: foreignKeyPrefix(start, format),
    createdBy: actor.kind === 'person' ? actor.id : actor.createdBy,
    createdAt: clock.now(),
  }
  return { key }
}

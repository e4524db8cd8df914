// Imports keys of other systems by the digests of their tokens. A digest that exists keeps its key.
import { stepUpDetails } from '../contract/step-up.ts'
import { auditEntry, type Caller } from '../core/audit.ts'
import { foreignKeyPrefix } from '../core/foreign.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { creditTerms } from '../core/limits.ts'
import type { NewKey } from '../storage/key-changes.ts'
import type { KeyImport } from '../storage/key-import.ts'
import type { KeyAttributes } from './attributes.ts'
import type { KeySettings } from './mint.ts'
import { grantor, refuseNewKey } from './powers.ts'
import type { GrantRefusal } from './refusal.ts'

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
  /** The account has as many keys as it may; of a repeated import, it had (null). */
  | { result: 'quota_exceeded'; maxKeys: number | null }

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
  request: IdempotentRequest | null = null,
): Promise<ImportResult[]> {
  const plans = keys.map((key) => planOf(settings, caller, key))
  const planned = plans.flatMap((plan) => ('key' in plan ? [plan.key] : []))
  const audit = auditEntry(caller, 'key.imported', {})
  const isNothing = planned.length === 0 && request === null
  const none = { ids: new Map<string, string>(), maxKeys: 0 }
  const stored = isNothing ? none : await store(planned, audit, settings.clock.now(), request)
  return plans.map((plan) => {
    if (!('key' in plan)) return plan
    const { id, digest } = plan.key
    const held = stored.ids.get(digest)
    if (held === undefined) return { result: 'quota_exceeded', maxKeys: stored.maxKeys }
    return held === id ? { result: 'created', id } : { result: 'exists' }
  })
}

/**
 * The results of an import that was executed before, one for each key.
 * @param made the ids of the keys that it created.
 * @param rows of the digests that exist now.
 */
export function repeatedImport(
  settings: ImportSettings,
  caller: Caller,
  keys: readonly KeyToImport[],
  made: readonly string[],
  rows: readonly { id: string; digest: string }[],
): ImportResult[] {
  const idOf = new Map(rows.map(({ digest, id }) => [digest, id]))
  const unanswered = new Set(made)
  return keys.map((key) => {
    const id = idOf.get(key.digest)
    // Of two entries with one digest the first created it.
    if (id !== undefined && unanswered.delete(id)) return { result: 'created', id }
    const plan = planOf(settings, caller, key)
    if (!('key' in plan)) return plan
    return id === undefined ? { result: 'quota_exceeded', maxKeys: null } : { result: 'exists' }
  })
}

function detailOf(refused: GrantRefusal): string {
  switch (refused.reason) {
    case 'grant':
      return refused.detail
    case 'platform':
      return refused.message
    case 'step_up':
      return stepUpDetails[refused.credential]
  }
}

function planOf(
  settings: ImportSettings,
  caller: Caller,
  { digest, start, ...entry }: KeyToImport,
): { key: NewKey } | Extract<ImportResult, { result: 'forbidden' }> {
  const { config, newId, clock } = settings
  const { actor } = caller
  const { formatName, ...attributes } = entry
  const refused = refuseNewKey(caller, entry, settings)
  if (refused !== null) {
    return { result: 'forbidden', detail: detailOf(refused) }
  }
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

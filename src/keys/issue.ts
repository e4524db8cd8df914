// Issues a key: one row and one audit entry. It does not wait, since no reader has cached the digest.
import { auditEntry, type Caller } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { KeyAttributes } from './attributes.ts'
import type { ChangeStores } from './change.ts'
import { type KeySettings, mintKey } from './mint.ts'
import { isUnusedMayGrant, refuseNewKey } from './powers.ts'
import type { Refusal } from './refusal.ts'

export type IssueResult =
  | { kind: 'issued'; token: string; id: string }
  | { kind: 'refused'; refusal: Refusal }

/** Why the caller may not make this key, whatever they have made already; null when they may. */
export function refuseIssue(
  caller: Caller,
  attributes: KeyAttributes & { formatName: string },
  settings: Pick<KeySettings, 'config' | 'clock'>,
): Refusal | null {
  if (isUnusedMayGrant(attributes)) return { reason: 'may_grant' }
  return refuseNewKey(caller, attributes, settings)
}

/**
 * The only result that contains the token: the database stores its digest.
 * @throws StoreUnavailable when D1 does not answer; the key may then exist.
 */
export async function issueKey(
  stores: Pick<ChangeStores, 'changes'>,
  settings: KeySettings,
  caller: Caller,
  input: KeyAttributes & { formatName: string; disabled?: boolean },
  request: IdempotentRequest | null = null,
): Promise<IssueResult> {
  const { formatName, disabled = false, ...attributes } = input
  const { name, scopes } = attributes
  const { actor } = caller
  const refusal = refuseIssue(caller, input, settings)
  if (refusal !== null) return { kind: 'refused', refusal }
  const minted = await mintKey(settings, caller, formatName, attributes)
  const key = { ...minted.key, disabled }
  const detail = { name, scopes, format: formatName, ...(disabled && { disabled }) }
  const audit = auditEntry(caller, 'key.created', detail)
  const maxKeys = actor.kind === 'key' ? (actor.mayGrant?.maxKeys ?? null) : null
  const portal = actor.kind === 'key' ? actor.portal : undefined
  const options = { maxKeys, request, ...(portal && { portal }) }
  const stored = await stores.changes.create(key, audit, key.createdAt, options)
  if (!stored) return { kind: 'refused', refusal: { reason: 'max_keys', maxKeys: maxKeys ?? 0 } }
  return { kind: 'issued', token: minted.token, id: key.id }
}

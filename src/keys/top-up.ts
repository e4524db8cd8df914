// Adds credits to the balance of a key. The record of a key does not hold its balance, so a top-up needs
// no settling.
import type { Caller } from '../core/audit.ts'
import { limitsOf } from '../core/limits.ts'
import type { Meters } from '../limits/meters.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { TopUpEvent } from '../storage/top-ups.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'
import type { KeySettings } from './mint.ts'
import { refuseGrant } from './powers.ts'
import type { Refusal } from './refusal.ts'

export type TopUpStores = {
  meters: Pick<Meters, 'topUp'>
  record(event: TopUpEvent): Promise<void>
  newId(): string
}

export type TopUpInput = { amount: number; idempotencyKey: string | null }

export type TopUpKeyResult =
  | { kind: 'done'; credits: number; isRepeated: boolean }
  | { kind: 'refused'; reason: 'revoked' | 'no_credits' | 'conflict' }
  /** Credits are a grant. */
  | { kind: 'forbidden'; refusal: Refusal }
  /** The credits may have been added: only with an idempotency key can the request safely be repeated. */
  | { kind: 'unknown'; cause: unknown }

/** Adds credits durably, then writes the audit event: both once for each idempotency key. */
export async function topUpKey(
  { meters, record, newId }: TopUpStores,
  settings: Pick<KeySettings, 'config' | 'clock'>,
  caller: Caller,
  key: ListedKey,
  { amount, idempotencyKey }: TopUpInput,
): Promise<TopUpKeyResult> {
  if (key.revokedAt !== null) return { kind: 'refused', reason: 'revoked' }
  const limits = limitsOf(key)
  if (limits === null || key.credits === null) return { kind: 'refused', reason: 'no_credits' }
  const refusal = refuseGrant(caller, key, settings)
  if (refusal !== null) return { kind: 'forbidden', refusal }
  const { meter, terms } = limits
  const answer = await meters.topUp(meter, { terms, amount, idempotencyKey })
  if (answer.outcome === 'unavailable') return { kind: 'unknown', cause: answer.cause }
  if (answer.outcome === 'conflict') return { kind: 'refused', reason: 'conflict' }
  const { credits, isRepeated, atMs } = answer
  try {
    // For a repeated one too: the first request may have failed before it was recorded.
    await record({
      id: idempotencyKey === null ? newId() : await eventId(key.id, idempotencyKey, atMs),
      accountId: key.accountId,
      keyId: key.id,
      actorKind: caller.actor.kind,
      actorId: caller.actor.id,
      requestId: caller.requestId,
      add: amount,
      atMs,
    })
  } catch (cause) {
    if (cause instanceof StoreUnavailable) return { kind: 'unknown', cause }
    throw cause
  }
  return { kind: 'done', credits, isRepeated }
}

/** The same id for the same top-up: a UUID of version 8 (RFC 9562 5.8) from a hash. */
async function eventId(keyId: string, idempotencyKey: string, atMs: number) {
  const text = new TextEncoder().encode(JSON.stringify([keyId, idempotencyKey, atMs]))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text)).slice(0, 16)
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

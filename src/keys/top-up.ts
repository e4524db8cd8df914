// Adds credits to the balance of a key. The record of a key does not hold its balance, so a top-up needs
// no settling. The credits are in a meter and not in D1: a request with an Idempotency-Key first claims its meter in D1, and the
// meter adds once for the hash of the request.
import { auditEntry, type Caller } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { limitsOf } from '../core/limits.ts'
import type { MeterUnavailable } from '../limits/call-meter.ts'
import type { Meters } from '../limits/meters.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { TopUpEvent } from '../storage/top-ups.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'

export type TopUpStores = {
  meters: Meters
  /** Stores the request with its meter. */
  claim(request: IdempotentRequest, meter: string): Promise<void>
  record(event: TopUpEvent): Promise<void>
  newId(): string
}

export type TopUpInput = {
  amount: number
  request: IdempotentRequest | null
  /** Of a repeated request: the meter that the first one claimed. */
  claimed?: string
}

type TopUpRefusal = { reason: 'revoked' | 'replaced' | 'no_credits' | 'moved' | 'reused' }

export type TopUpKeyResult =
  /** `credits`: null where the key has none now, or they are unknown. */
  | { kind: 'done'; credits: number | null; isRepeated: boolean }
  | ({ kind: 'refused' } & TopUpRefusal)
  /** The credits may have been added: only with an Idempotency-Key can the request safely be repeated. */
  | { kind: 'unknown'; cause: unknown }

/** What was added: by this call, or by the one that it repeats. */
type Added = { credits: number | null; isRepeated: boolean; atMs: number }

/** Adds credits durably, then writes the audit event: both once for each request with an Idempotency-Key. */
export async function topUpKey(
  stores: TopUpStores,
  caller: Caller,
  key: ListedKey,
  input: TopUpInput,
): Promise<TopUpKeyResult> {
  try {
    const before = await addedBefore(stores, key, input)
    const added = before ?? (await add(stores, key, input))
    if ('outcome' in added) return { kind: 'unknown', cause: added.cause }
    if ('reason' in added) return { kind: 'refused', ...added }
    // For a repeated one too: the first request may have failed before it was recorded.
    await stores.record(await eventOf(stores, caller, key, input, added.atMs))
    return { kind: 'done', credits: added.credits, isRepeated: added.isRepeated }
  } catch (cause) {
    if (cause instanceof StoreUnavailable) return { kind: 'unknown', cause }
    throw cause
  }
}

/** Whatever became of the key since. */
async function addedBefore(
  { meters }: TopUpStores,
  key: ListedKey,
  { request, claimed }: TopUpInput,
): Promise<Added | MeterUnavailable | null> {
  if (request === null || claimed === undefined) return null
  const found = await meters.findTopUp(claimed, request.hash)
  if (found.outcome === 'unavailable') return found
  if (found.outcome === 'none') return null
  const limits = limitsOf(key)
  const now = limits && key.credits && (await meters.read(limits.meter, limits.terms))
  const credits = now?.outcome === 'read' ? now.credits : null
  return { credits, isRepeated: true, atMs: found.atMs }
}

async function add(
  { meters, claim }: TopUpStores,
  key: ListedKey,
  { amount, request, claimed }: TopUpInput,
): Promise<Added | MeterUnavailable | TopUpRefusal> {
  if (key.revokedAt !== null) return { reason: 'revoked' }
  // Its successor has the balance, and may have powers that the caller could not grant.
  if (key.replacedBy !== null) return { reason: 'replaced' }
  const limits = limitsOf(key)
  if (limits === null || key.credits === null) return { reason: 'no_credits' }
  const { meter, terms } = limits
  if (claimed !== undefined && claimed !== meter) return { reason: 'moved' }
  if (request !== null && claimed === undefined) await claim(request, meter)
  const idempotencyKey = request?.hash ?? null
  const answer = await meters.topUp(meter, { terms, amount, idempotencyKey })
  if (answer.outcome === 'unavailable') return answer
  if (answer.outcome === 'conflict') return { reason: 'reused' }
  const { credits, isRepeated, atMs } = answer
  return { credits, isRepeated, atMs }
}

async function eventOf(
  { newId }: Pick<TopUpStores, 'newId'>,
  caller: Caller,
  { id: keyId, accountId }: ListedKey,
  { amount, request }: TopUpInput,
  atMs: number,
): Promise<TopUpEvent> {
  const { actorKind, actorId } = auditEntry(caller, 'key.credits_added', {})
  return {
    id: request === null ? newId() : await eventId(keyId, request.hash, atMs),
    ...{ accountId, keyId, requestId: caller.requestId, atMs },
    ...{ actorKind, actorId, add: amount },
  }
}

/** The same id for the same top-up: a UUID of version 8 (RFC 9562 5.8) from a hash. */
async function eventId(keyId: string, requestHash: string, atMs: number) {
  const text = new TextEncoder().encode(JSON.stringify([keyId, requestHash, atMs]))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text)).slice(0, 16)
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

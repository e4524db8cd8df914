// The identity of a request with an Idempotency-Key, under which it is executed once.
import { maxIdempotencyKeyLength } from '../contract/verify.ts'
import type { Actor, PortalCustomer } from './actor.ts'

/** A value of Idempotency-Key; null for what is not 1 to 255 printable ASCII characters. */
export function readIdempotencyKey(text: string): string | null {
  return text.length <= maxIdempotencyKeyLength && /^[\x20-\x7e]+$/.test(text) ? text : null
}

export const idempotencyKeyError = `1 to ${maxIdempotencyKeyLength} printable ASCII characters`

/** Who sends what where: two requests with the same scope and header are one. */
export type RequestScope = {
  accountId: string
  actor: Pick<Actor, 'kind' | 'id'> & { portal?: Pick<PortalCustomer, 'externalId'> }
  method: string
  /** The path with its parameters as names. */
  route: string
  /** The values of its parameters. */
  ids: readonly string[]
  key: string
}

export type IdempotentRequest = {
  accountId: string
  /** SHA-256 of the scope. */
  hash: string
  /** SHA-256 of the validated body, with keys sorted. */
  payload: string
}

export async function idempotentRequest(
  { accountId, actor, method, route, ids, key }: RequestScope,
  body: unknown,
): Promise<IdempotentRequest> {
  // Customers of one key choose their values apart: no kind of actor is called `portal`.
  const who = actor.portal ? ['portal', actor.id, actor.portal.externalId] : [actor.kind, actor.id]
  const fields = [accountId, ...who, method, route, ...ids, key]
  const [hash, payload] = await Promise.all([
    sha256(lengthPrefixed(fields)),
    sha256(utf8(JSON.stringify(sorted(body)) ?? '')),
  ])
  return { accountId, hash, payload }
}

/** No text of one field can pass for the end of it and the beginning of the next. */
function lengthPrefixed(fields: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = fields.map(utf8)
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.byteLength, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.byteLength)
    bytes.set(part, at + 4)
    at += 4 + part.byteLength
  }
  return bytes
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, each]) => [name, sorted(each)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()
}

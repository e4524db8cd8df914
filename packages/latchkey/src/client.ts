// latchkey/client: Latchkey's API for Node, Bun, Deno and Workers, by `fetch` alone. Names and fields
// are those of the wire; whatever is no success is thrown as LatchkeyError.
import { type Items, pagesOf } from './pages.ts'
import {
  type CallOptions,
  type ClientOptions,
  createTransport,
  type Transport,
} from './transport.ts'
import type {
  AuditEvent,
  AuditQuery,
  Introspection,
  IssuedKey,
  Key,
  KeyChanges,
  KeyQuery,
  NewKey,
  Scope,
  Selection,
  ToppedUp,
  Underway,
  VerifyAnswer,
  VerifyRequest,
} from './types.ts'

export { type FieldError, LatchkeyError } from './error.ts'
export type { Items } from './pages.ts'
export type { CallOptions, ClientOptions } from './transport.ts'
export type * from './types.ts'

export type Client = {
  /** `await` gives a page, `for await` every key, newest first. */
  list(query?: KeyQuery, options?: CallOptions): Items<Key>
  /** Makes a key. Never asked twice: after `timed_out` or `unreachable`, look whether it was made. */
  create(key: NewKey, options?: CallOptions): Promise<IssuedKey>
  get(id: string, options?: CallOptions): Promise<Key>
  /** Answers once the change is in force everywhere. */
  update(id: string, changes: KeyChanges, options?: CallOptions): Promise<Key & Underway>
  /** A new token with the same powers; the old one expires after the overlap, 0 by default. */
  rotate(
    id: string,
    rotation?: { overlap_seconds?: number | undefined },
    options?: CallOptions,
  ): Promise<IssuedKey & Underway>
  /**
   * Adds credits to what a key has. With an `idempotencyKey` asking again adds nothing twice (24 hours);
   * without, look at the key before asking again after `timed_out` or `unreachable`.
   */
  addCredits(
    id: string,
    credits: { add: number },
    options?: CallOptions & { idempotencyKey?: string | undefined },
  ): Promise<ToppedUp>
  /** Revokes for good, and answers once the key fails everywhere. Asking again is safe. */
  revoke(id: string, options?: CallOptions): Promise<{ message: string } & Underway>
  /** Revokes many at once, with one wait for all. */
  revokeMany(selection: Selection, options?: CallOptions): Promise<{ revoked: number } & Underway>
  /** The catalogue that a key's scopes are chosen from. */
  scopes(options?: CallOptions): Promise<Scope[]>
  /** `await` gives a page, `for await` every event, newest first. */
  auditEvents(query?: AuditQuery, options?: CallOptions): Items<AuditEvent>
  /** Whether a token is good. Not known is thrown (`authority_unavailable`), never `valid: false`. */
  verify(request: VerifyRequest, options?: CallOptions): Promise<VerifyAnswer>
  /** The same for up to 100, in their order. */
  verifyBatch(requests: readonly VerifyRequest[], options?: CallOptions): Promise<VerifyAnswer[]>
  /** RFC 7662; `ip` is the client's address, for keys with `allowed_ips`. */
  introspect(
    token: string,
    options?: CallOptions & { ip?: string | undefined },
  ): Promise<Introspection>
}

/**
 * A client of one Latchkey.
 * @throws TypeError for a url that is none, or no key.
 */
export function createClient(options: ClientOptions): Client {
  const ask = createTransport(options)
  return { ...keysOf(ask), ...readingOf(ask), ...checksOf(ask) }
}

type Keys = Pick<
  Client,
  'list' | 'create' | 'get' | 'update' | 'rotate' | 'addCredits' | 'revoke' | 'revokeMany'
>

const keys = '/api/api-keys'

function keysOf(ask: Transport): Keys {
  return {
    list: (query, options) => pagesOf(ask, keys, query, options),
    create: (json, options) => dataOf(ask('POST', keys, { ...options, json })),
    get: async (id, options) => dataOf(ask('GET', keyPath(id), options)),
    update: async (id, json, options) => dataOf(ask('PATCH', keyPath(id), { ...options, json })),
    rotate: async (id, json = {}, options) =>
      dataOf(ask('POST', `${keyPath(id)}/rotate`, { ...options, json })),
    addCredits: async (id, json, options) =>
      dataOf(ask('POST', `${keyPath(id)}/credits`, { ...options, json })),
    revoke: async (id, options) => dataOf(ask('DELETE', keyPath(id), options)),
    revokeMany: (json, options) => dataOf(ask('POST', `${keys}/revoke`, { ...options, json })),
  }
}

function readingOf(ask: Transport): Pick<Client, 'scopes' | 'auditEvents'> {
  return {
    scopes: (options) => dataOf(ask('GET', '/api/scopes', options)),
    auditEvents: (query, options) => pagesOf(ask, '/api/audit-events', query, options),
  }
}

function checksOf(ask: Transport): Pick<Client, 'verify' | 'verifyBatch' | 'introspect'> {
  return {
    verify: (json, options) => dataOf(ask('POST', '/api/v1/keys/verify', { ...options, json })),
    verifyBatch: (requests, options) =>
      dataOf(ask('POST', '/api/v1/keys/verify-batch', { ...options, json: { keys: requests } })),
    introspect: async (token, { ip, ...options } = {}) => {
      const form = { token, ...(ip !== undefined && { ip }) }
      return (await ask('POST', '/api/v1/introspect', { ...options, form })) as Introspection
    },
  }
}

async function dataOf<Data>(answer: Promise<unknown>): Promise<Data> {
  return ((await answer) as { data: Data }).data
}

/** An id cannot lead to another path, whatever it holds. */
function keyPath(id: string): string {
  if (!/^[\w-]+$/.test(id)) throw new TypeError('latchkey/client: the id of a key is a UUID.')
  return `${keys}/${id}`
}

// The calls about keys, the catalogue, and verification.
import { dataOf, pathOfId } from './calls.ts'
import type { Client } from './client.ts'
import { LatchkeyError } from './error.ts'
import { listPages, searchOf } from './pages.ts'
import type { Call, Transport } from './transport.ts'
import type { Introspection, IssuedKey, Underway } from './types.ts'

type KeyCalls = Pick<
  Client,
  | 'list'
  | 'summary'
  | 'lookup'
  | 'explain'
  | 'create'
  | 'get'
  | 'update'
  | 'rotate'
  | 'addCredits'
  | 'revoke'
  | 'revokeMany'
  | 'usage'
  | 'usageOfKeys'
>

const keysPath = '/api/api-keys'

export function keyCalls(request: Transport): KeyCalls {
  return {
    list: (query, options) => listPages(request, keysPath, query, options),
    summary: (options) => dataOf(request('GET', `${keysPath}/summary`, options)),
    lookup: (token, options) =>
      dataOf(
        request('POST', `${keysPath}/lookup`, { ...options, json: { token }, onlyReads: true }),
      ),
    explain: (json, options) =>
      dataOf(request('POST', `${keysPath}/explain`, { ...options, json, onlyReads: true })),
    create: (json, options) => issue(request, keysPath, { ...options, json }),
    get: async (id, options) => dataOf(request('GET', keyPath(id), options)),
    update: async (id, json, options) =>
      dataOf(request('PATCH', keyPath(id), { ...options, json })),
    rotate: async (id, json = {}, options) =>
      issue(request, `${keyPath(id)}/rotate`, { ...options, json }),
    addCredits: async (id, json, options) =>
      dataOf(request('POST', `${keyPath(id)}/credits`, { ...options, json, isOnce: true })),
    revoke: async (id, options) => dataOf(request('DELETE', keyPath(id), options)),
    revokeMany: (json, options) =>
      dataOf(request('POST', `${keysPath}/revoke`, { ...options, json })),
    usage: async (id, query = {}, options) =>
      dataOf(request('GET', `${keyPath(id)}/usage${searchOf(query)}`, options)),
    usageOfKeys: async (ids, query = {}, options) => {
      const search = searchOf({ ...query, ids: ids.join(',') })
      return dataOf(request('GET', `${keysPath}/usage${search}`, options))
    },
  }
}

export function catalogueCalls(request: Transport): Pick<Client, 'scopes' | 'auditEvents'> {
  return {
    scopes: (options) => dataOf(request('GET', '/api/scopes', options)),
    auditEvents: (query, options) => listPages(request, '/api/audit-events', query, options),
  }
}

export function verifyCalls(
  request: Transport,
): Pick<Client, 'verify' | 'verifyBatch' | 'introspect'> {
  return {
    verify: (json, options) => dataOf(request('POST', '/api/v1/keys/verify', { ...options, json })),
    verifyBatch: (keys, options) =>
      dataOf(request('POST', '/api/v1/keys/verify-batch', { ...options, json: { keys } })),
    introspect: async (token, { ip, ...options } = {}) => {
      const form = { token, ...(ip !== undefined && { ip }) }
      return (await request('POST', '/api/v1/introspect', { ...options, form })) as Introspection
    },
  }
}

/** The path of a key. */
function keyPath(id: string): string {
  return pathOfId(keysPath, id)
}

/**
 * Makes a key, once. Where a retry learns that the key was made and its token lost on the way, the key is rotated: nobody else
 * knows the `Idempotency-Key`, so nobody has that token.
 */
async function issue(request: Transport, path: string, call: Call): Promise<IssuedKey & Underway> {
  let attempts = 0
  const onAttempt = () => void attempts++
  try {
    return await dataOf(request('POST', path, { ...call, isOnce: true, onAttempt }))
  } catch (error) {
    const isLost = call.idempotencyKey === undefined && attempts > 1
    const keyId = error instanceof LatchkeyError && error.code === 'conflict' ? error.keyId : null
    if (!isLost || keyId === null) throw error
    return issue(request, `${keyPath(keyId)}/rotate`, { ...call, json: {} })
  }
}

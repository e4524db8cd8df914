// nginx or Caddy in front of an API, configured as in examples/: identity headers, denials, spoofed headers and
// ambiguous paths.
import assert from 'node:assert/strict'
import { after, before, beforeEach, it } from 'node:test'
import { type Key, type Owner, send, signIn } from './client.ts'
import type { Program } from './programs.ts'
import type { Scene, Start } from './scene.ts'

const identity = [
  ...['account', 'key-id', 'user', 'scopes', 'resources', 'external-id', 'environment'],
  'request-id',
].map((name) => `x-latchkey-${name}`)

/** Headers that a client may spoof: an identity, another address, another request. */
const spoofed = {
  'X-Original-Method': 'GET',
  'X-Original-URI': '/api/contacts',
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': '/api/contacts',
  'X-Original-URL': '/api/contacts',
  'X-Latchkey-Account': 'forged',
  'X-Latchkey-Key-Id': 'forged',
  'X-Latchkey-User': 'forged',
  'X-Latchkey-Scopes': 'forged',
  'X-Latchkey-Resources': 'forged',
  'X-Latchkey-External-Id': 'forged',
  'X-Latchkey-Environment': 'forged',
  X_Latchkey_External_Id: 'forged',
  X_Latchkey_Account: 'forged',
  'X-Latchkey-Key_Id': 'forged',
  'X-Client-Address': '203.0.113.7',
  'CF-Connecting-IP': '203.0.113.7',
}

/** Paths that servers may parse differently; denied even with full access. */
const ambiguousPaths = [
  '/api/../api/contacts',
  '/api/x/../contacts',
  '/api/./contacts',
  '/api/%2e%2e/contacts',
  '/api/.%2E/contacts',
  '/api/contacts%2f..%2fmessages',
  '/api/contacts%2F1',
  '/api/%252e%252e/contacts',
  '/api/contacts%5c..%5cmessages',
  '/api/contacts;a=b',
  '/api/contacts/..;/messages',
  '/api/contacts%00',
  '/api/contacts%0a',
  '/api/contacts%ff',
]

export function testForwardAuth(scene: Scene, start: Start): void {
  let proxy: Program
  let owner: Owner
  let reader: Key
  let full: Key

  before(async () => {
    const { api, latchkey, folder } = scene()
    proxy = await start(`${folder}/${start.name}`, { latchkey: latchkey.port, api: api.port })
    owner = await signIn(latchkey.port, latchkey.password)
    reader = await owner.makeKey({ scopes: ['contacts:read'] })
    full = await owner.makeKey()
  })
  after(() => proxy.stop())
  beforeEach(() => {
    scene().api.seen.length = 0
  })

  const request = (method: string, path: string, key?: string, headers: object = {}) =>
    send(proxy.port, path, { method, headers: { ...(key && { 'X-API-Key': key }), ...headers } })

  it('forwards a request with a valid key and its identity headers to the API', async () => {
    const { status, json, text } = await request('GET', '/api/contacts?limit=2', reader.key)
    assert.equal(status, 200, text)
    assert.equal(json.url, '/api/contacts?limit=2')
    for (const name of identity) assert.match(json.headers[name], /^[^\s{]+$/, name)
    assert.equal(json.headers['x-latchkey-key-id'], reader.id)
    assert.equal(json.headers['x-latchkey-scopes'], 'contacts:read')
  })

  it('says whose key it is, up to 200 resources of 128 letters', async () => {
    const id = (at: number) => `contacts:read#${String(at).padStart(128, 'x')}`
    const scopes = Array.from({ length: 200 }, (_, at) => id(at))
    const { key } = await owner.makeKey({ scopes, external_id: 'Müller & Söhne' })
    const path = `/api/contacts/${id(7).split('#')[1]}`
    const { status, json, text } = await request('GET', path, key, spoofed)
    assert.equal(status, 200, text)
    assert.equal(json.headers['x-latchkey-resources'], scopes.join(' '))
    assert.equal(decodeURIComponent(json.headers['x-latchkey-external-id']), 'Müller & Söhne')
    assert.equal(json.headers['x-latchkey-environment'], 'live')
    const test = await owner.makeKey({ scopes: ['contacts:read'], format: 'wacrm_test' })
    const refused = await request('GET', '/api/contacts', test.key)
    assert.equal(`${refused.status} ${refused.json.code}`, '403 wrong_environment')
  })

  it('removes the credential before the API', async () => {
    const asKey = await request('GET', '/api/contacts', reader.key)
    const headers = { authorization: `bearer ${reader.key}` }
    const asBearer = await request('GET', '/api/contacts', undefined, headers)
    assert.deepEqual([asKey.status, asBearer.status], [200, 200])
    assert.ok(!`${asKey.text}${asBearer.text}`.includes(reader.key))
  })

  it('replaces spoofed identity headers', async () => {
    const { status, json, text } = await request('GET', '/api/contacts', reader.key, spoofed)
    assert.equal(status, 200, text)
    assert.equal(json.headers['x-latchkey-key-id'], reader.id)
    const forged = json.rawHeaders.filter((part: string) => part === 'forged')
    assert.deepEqual(forged, [], `headers at the API: ${json.rawHeaders.join(' ')}`)
  })

  it('ignores a spoofed method, path, scope and policy', async () => {
    const { status, json } = await request('POST', '/api/broadcasts', reader.key, spoofed)
    assert.equal(`${status} ${json.code}`, '403 insufficient_scope')
    const query = '?scopes=contacts:read&X-Original-URI=/api/contacts&policy=crm'
    const byQuery = await request('GET', `/api/messages${query}`, reader.key, spoofed)
    assert.equal(`${byQuery.status} ${byQuery.json.code}`, '403 insufficient_scope')
    assert.equal(scene().api.seen.length, 0)
  })

  it('authorizes the method that the API receives', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      assert.equal((await request(method, '/api/contacts', reader.key)).status, 403, method)
    }
    assert.equal((await request('HEAD', '/api/contacts', reader.key)).status, 200)
    const headers = { 'X-HTTP-Method-Override': 'DELETE' }
    assert.equal((await request('GET', '/api/contacts', full.key, headers)).status, 403)
    assert.equal(scene().api.seen.length, 1)
  })

  it('denies ambiguous paths even with full access', async () => {
    for (const path of ambiguousPaths) {
      const { status } = await request('GET', path, full.key)
      assert.ok(status === 403 || status === 400, `${path}: ${status}`)
    }
    assert.deepEqual(scene().api.seen, [])
  })

  it('normalizes a path as the API does', async () => {
    assert.equal((await request('GET', '/api/c%6fntacts', reader.key)).status, 200)
    assert.equal((await request('GET', '/api//contacts', reader.key)).status, 403)
    assert.equal((await request('GET', '/api/contacts/', reader.key)).status, 403)
    assert.equal((await request('GET', '/API/contacts', reader.key)).status, 403)
  })

  it('returns 401 and 403 of Latchkey unchanged to the client', async () => {
    const absent = await request('GET', '/api/contacts')
    const wrong = await request('GET', '/api/contacts', `whm_${'0'.repeat(32)}`)
    const lacking = await request('GET', '/api/messages', reader.key)
    const expected = [
      [absent, 401, 'missing_credential', 'Bearer realm="latchkey"'],
      [wrong, 401, 'invalid_api_key', 'Bearer realm="latchkey", error="invalid_token"'],
      [
        lacking,
        403,
        'insufficient_scope',
        'Bearer realm="latchkey", error="insufficient_scope", scope="messages:read"',
      ],
    ] as const
    for (const [{ status, headers, rawHeaders, json }, code, problem, challenge] of expected) {
      assert.equal(`${status} ${json.code} ${json.status}`, `${code} ${problem} ${code}`)
      assert.equal(headers['content-type'], 'application/problem+json')
      assert.equal(headers['www-authenticate'], challenge)
      const challenges = rawHeaders.filter((part) => part.toLowerCase() === 'www-authenticate')
      assert.equal(challenges.length, 1)
      assert.equal(headers['x-request-id'], json.request_id)
      assert.match(json.type, /errors#/)
    }
    assert.deepEqual(scene().api.seen, [])
  })

  it('denies a token in the query', async () => {
    const { status, json } = await request('GET', `/api/contacts?api_key=${reader.key}`)
    assert.equal(`${status} ${json.code}`, '401 missing_credential')
  })

  it('denies a revoked key from the next request on', async () => {
    const revoked = await owner.makeKey({ scopes: ['contacts:read'] })
    assert.equal((await request('GET', '/api/contacts', revoked.key)).status, 200)
    await owner.revoke(revoked.id)
    const { status, json } = await request('GET', '/api/contacts', revoked.key)
    assert.equal(`${status} ${json.code}`, '401 revoked_api_key')
  })
}

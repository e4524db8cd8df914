// Presenting credentials: where a key is accepted, the response to an invalid one, and its cost.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Format } from '../../src/core/format.ts'
import { importTagKeys, mintToken } from '../../src/core/token.ts'
import { type Account, type MadeKey, makeKey, openAccount, outcome } from '../support/account.ts'
import { bearerOf } from '../support/challenge.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'
import { type Answer, createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const watch = watchBindings()
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
let app: TestApp
let account: Account
let reader: MadeKey
let longer: MadeKey

beforeAll(async () => {
  app = await createTestApp({ bindings: watch.bindings })
  account = await openAccount()
  reader = await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'] })
  longer = await makeKey(app, account.owner.jwt, {
    scopes: ['contacts:read'],
    format: 'wacrm_live',
  })
})

beforeEach(() => watch.clear())

const contacts = (headers: HeadersInit) => app.request('GET', '/api/contacts', { headers })
const mint = async (secrets: string, name = 'whm') =>
  mintToken(config.formats[name] as Format, await importTagKeys(secrets), (bytes) =>
    crypto.getRandomValues(bytes),
  )
const changeLast = (token: string) => token.slice(0, -1) + (token.endsWith('0') ? '1' : '0')

/** The shape of every failure in the contract. */
function expectProblem(answer: Answer, status: number, code: string) {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const { title, detail, request_id } = answer.body
  expect(answer.body).toMatchObject({ status, code, type: `/docs/errors#${code}` })
  expect([typeof title, typeof detail]).toEqual(['string', 'string'])
  expect(request_id).toMatch(uuid)
  expect(answer.headers.get('x-request-id')).toBe(request_id)
}

describe('a valid key', () => {
  it.each([
    ['X-API-Key', (token: string) => ({ 'x-api-key': token })],
    ['X-API-Key with space around it', (token: string) => ({ 'x-api-key': `  ${token}\t` })],
    ['Bearer', (token: string) => ({ authorization: `Bearer ${token}` })],
    ['bearer in lower case', (token: string) => ({ authorization: `bearer ${token}` })],
    ['BEARER in capitals', (token: string) => ({ authorization: `BEARER ${token}` })],
    [
      'Bearer with more than one space',
      (token: string) => ({ authorization: `Bearer   ${token} ` }),
    ],
  ])('passes by %s, in either format', async (_, headers) => {
    for (const { key } of [reader, longer]) {
      const answer = await contacts(headers(key))
      expect(answer.status, answer.text).toBe(200)
      expect(answer.headers.get('x-request-id')).toMatch(uuid)
    }
  })

  it('in X-API-Key takes precedence over Authorization', async () => {
    const good = { 'x-api-key': reader.key }
    for (const other of ['Bearer nonsense', `Bearer ${account.owner.jwt}`, 'Basic YTpi']) {
      expect(await outcome(contacts({ ...good, authorization: other }))).toBe('200')
    }
  })
})

describe('an invalid key', () => {
  it('in X-API-Key never falls back to a valid key, a JWT or a session', async () => {
    for (const bad of ['', 'nonsense', changeLast(reader.key), account.owner.jwt]) {
      for (const good of [reader.key, account.owner.jwt]) {
        const headers = { 'x-api-key': bad, authorization: `Bearer ${good}` }
        expect(await outcome(contacts(headers))).toBe('401 invalid_api_key')
        const managed = app.request('GET', '/api/api-keys', { headers })
        expect(await outcome(managed)).toBe('401 invalid_api_key')
      }
    }
  })

  it('as Bearer never falls back to a session', async () => {
    const cookie = 'better-auth.session_token=whatever'
    const headers = { authorization: 'Bearer nonsense', cookie }
    expect(await outcome(app.request('GET', '/api/api-keys', { headers }))).toBe(
      '401 invalid_api_key',
    )
  })

  it('gets the identical response whether it is malformed, foreign, forged or unknown', async () => {
    const unknown = await mint(env.TAG_SECRETS)
    const tokens = [
      '',
      'whm_',
      'nonsense',
      await mint('another secret'),
      changeLast(reader.key),
      unknown,
    ]
    const responses = new Set<string>()
    for (const token of tokens) {
      const answer = await contacts({ 'x-api-key': token })
      expectProblem(answer, 401, 'invalid_api_key')
      const { request_id: _, ...rest } = answer.body
      responses.add(JSON.stringify([rest, answer.headers.get('www-authenticate')]))
    }
    expect(responses.size).toBe(1)
  })

  it('that this deployment never minted is refused without a store query', async () => {
    const changed = `whm_${reader.key.slice(4).replace(/./, (l) => (l === '0' ? '1' : '0'))}`
    const tokens = [
      ...[
        '',
        'whm_',
        'whm',
        'wacrm_live_',
        'sk_live_abcdef',
        `whm_${'0'.repeat(32)}`,
        `whm_${'g'.repeat(32)}`,
      ],
      ...[reader.key.toUpperCase(), `${reader.key}0`, reader.key.slice(0, -1), reader.key.slice(4)],
      ...[changed, changeLast(reader.key), changeLast(longer.key), `Bearer ${reader.key}`],
      ...[await mint('another secret'), await mint('another secret', 'wacrm_live')],
    ]
    for (const token of tokens) {
      for (const path of ['/api/contacts', '/api/v1/me', '/api/api-keys', '/api/nowhere']) {
        const by = [{ 'x-api-key': token }, { authorization: `Bearer ${token}` }]
        for (const headers of by) {
          const answer = await app.request('GET', path, { headers })
          expect([answer.status, answer.body.code], token).toEqual([401, 'invalid_api_key'])
        }
      }
    }
    expect(watch.counts()).toEqual({})
  })

  it('of this deployment that was never stored costs one look-up and is unknown', async () => {
    const older = env.TAG_SECRETS.split(',')[1] as string
    for (const token of [await mint(env.TAG_SECRETS), await mint(older, 'wacrm_live')]) {
      expectProblem(await contacts({ 'x-api-key': token }), 401, 'invalid_api_key')
    }
    expect(watch.counts()['D1.raw'] ?? watch.counts()['D1.all']).toBe(2)
  })

  it('with a tag of an older secret works as long as that secret is listed', async () => {
    const rotated = { TAG_SECRETS: `newest,${env.TAG_SECRETS}` as Env['TAG_SECRETS'] }
    const after = await createTestApp({ bindings: rotated })
    expect(await outcome(after.request('GET', '/api/contacts', { key: reader.key }))).toBe('200')
    const gone = await createTestApp({ bindings: { TAG_SECRETS: 'newest' } })
    expect(await outcome(gone.request('GET', '/api/contacts', { key: reader.key }))).toBe(
      '401 invalid_api_key',
    )
  })
})

describe('no credential', () => {
  it.each([
    {},
    { authorization: 'Basic YTpi' },
    { authorization: '' },
    { authorization: 'Bearerx' },
    { authorization: `Token whm_${'0'.repeat(32)}` },
    { cookie: 'better-auth.session_token=whatever' },
  ])('with %j is 401 missing_credential, and names no error', async (headers) => {
    const answer = await contacts(headers as HeadersInit)
    expectProblem(answer, 401, 'missing_credential')
    expect(answer.headers.get('www-authenticate')).toBe(bearerOf(env.BASE_URL))
    expect(watch.counts()).toEqual({})
  })

  it('is a 401 missing_credential on management endpoints too', async () => {
    for (const path of [
      '/api/api-keys',
      '/api/audit-events',
      '/api/scopes',
      '/api/v1/me',
      '/api/unknown',
    ]) {
      const answer = await app.request('GET', path)
      expectProblem(answer, 401, 'missing_credential')
      expect(answer.headers.get('www-authenticate')).not.toContain('error')
    }
  })
})

describe('WWW-Authenticate', () => {
  const challengeOf = async (key: string) => {
    const answer = await contacts({ 'x-api-key': key })
    return `${answer.body.code}: ${answer.headers.get('www-authenticate')}`
  }

  it('is invalid_token for keys that are unknown, revoked, disabled and expired', async () => {
    const as = account.owner.jwt
    const soon = new Date(app.clock.now() + 60_000).toISOString()
    const expired = await makeKey(app, as, { expires_at: soon })
    const revoked = await makeKey(app, as)
    const disabled = await makeKey(app, as)
    await app.request('DELETE', `/api/api-keys/${revoked.id}`, { as })
    await app.request('PATCH', `/api/api-keys/${disabled.id}`, { as, body: { is_active: false } })
    app.clock.skip(60_000)
    const invalid = `${bearerOf(env.BASE_URL)}, error="invalid_token"`
    expect(await challengeOf('nonsense')).toBe(`invalid_api_key: ${invalid}`)
    expect(await challengeOf(revoked.key)).toBe(`revoked_api_key: ${invalid}`)
    expect(await challengeOf(disabled.key)).toBe(`disabled_api_key: ${invalid}`)
    expect(await challengeOf(expired.key)).toBe(`expired_api_key: ${invalid}`)
  })

  it('names the scope that is missing', async () => {
    const answer = await app.request('POST', '/api/v1/messages', { key: reader.key, body: {} })
    expectProblem(answer, 403, 'insufficient_scope')
    const challenge = answer.headers.get('www-authenticate')
    expect(challenge).toMatch(/^Bearer .*error="insufficient_scope".*scope="messages:send"$/)
  })

  it('is on every refusal of a key by the gateway', async () => {
    const bound = await makeKey(app, account.owner.jwt, { allowed_ips: ['192.0.2.1'] })
    const elsewhere = await contacts({ 'x-api-key': bound.key, 'cf-connecting-ip': '192.0.2.2' })
    expectProblem(elsewhere, 403, 'ip_not_allowed')
    expect(elsewhere.headers.get('www-authenticate')).toMatch(/^Bearer /)
    const home = contacts({ 'x-api-key': bound.key, 'cf-connecting-ip': '192.0.2.1' })
    expect(await outcome(home)).toBe('200')
    const unlisted = await app.request('GET', '/api/unknown', { key: reader.key })
    expectProblem(unlisted, 403, 'forbidden')
    expect(unlisted.headers.get('www-authenticate')).toMatch(/^Bearer /)
  })
})

describe('a JWT', () => {
  it('authenticates a person at the gateway with the powers of their role', async () => {
    const by = (as: string) => app.request('GET', '/api/v1/me', { as })
    expect((await by(account.member.jwt)).body.data).toMatchObject({
      account: { id: account.id },
      key: null,
    })
    expect(await outcome(app.request('GET', '/api/contacts', { as: account.member.jwt }))).toBe(
      '200',
    )
    const sent = await app.request('POST', '/api/messages', { as: account.member.jwt, body: {} })
    expectProblem(sent, 403, 'insufficient_scope')
  })

  it('that is invalid in any part is 401 invalid_token, with its challenge', async () => {
    const [head, payload, signature] = account.owner.jwt.split('.') as [string, string, string]
    const none = btoa('{"alg":"none"}').replaceAll('=', '')
    const forged = btoa(JSON.stringify({ iss: env.BASE_URL, sub: account.owner.id })).replaceAll(
      '=',
      '',
    )
    const bad = [
      `${head}.${payload}.`,
      `${none}.${payload}.`,
      `${head}.${forged}.${signature}`,
      'a.b.c',
      '..',
    ]
    for (const token of bad) {
      for (const path of ['/api/contacts', '/api/api-keys', '/api/v1/me']) {
        const answer = await app.request('GET', path, { as: token })
        expectProblem(answer, 401, 'invalid_token')
        expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
      }
    }
  })
})

describe('a token in the query', () => {
  it.each(['key', 'api_key', 'access_token', 'x', 'search'])(
    'as ?%s= is refused, even beside a good key in a header',
    async (name) => {
      for (const path of ['/api/contacts', '/api/v1/me', '/api/api-keys']) {
        const url = `${path}?${name}=${reader.key}`
        expect((await app.request('GET', url)).status, url).toBe(401)
        const credentials =
          path === '/api/api-keys' ? { as: account.owner.jwt } : { key: reader.key }
        const answer = await app.request('GET', url, credentials)
        expectProblem(answer, 400, 'invalid_request')
        expect(answer.body.errors).toEqual([{ path: `query.${name}`, message: expect.any(String) }])
        expect(answer.text).not.toContain(reader.key)
      }
    },
  )

  it('without a name, encoded or at the end of a list is refused all the same', async () => {
    const encoded = reader.key.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
    for (const query of [
      reader.key,
      `a=b&${reader.key}`,
      `a=${encoded}`,
      `a=1&a=2&a=${longer.key}`,
    ]) {
      const answer = await app.request('GET', `/api/contacts?${query}`, { key: reader.key })
      expect([answer.status, answer.text.includes(reader.key)], query).toEqual([400, false])
    }
  })
})

describe('a token inside a text of the query', () => {
  const session = `lkps_${'a'.repeat(49)}`

  it.each<[string, () => string, string]>([
    ['behind a scheme', () => `a=Bearer%20${reader.key}`, 'query.a'],
    ['between other letters', () => `a=x${reader.key}9`, 'query.a'],
    ['in a link', () => `next=${encodeURIComponent(`/x?key=${longer.key}&y=1`)}`, 'query.next'],
    ['of a portal session', () => `t=${session}`, 'query.t'],
    ['in a name', () => `a[${reader.key}]=1`, 'query'],
  ])('%s is refused as one that stands alone', async (_, query, path) => {
    const url = `/api/contacts?${query()}`
    expect(await outcome(app.request('GET', url))).toBe('401 missing_credential')
    const answer = await app.request('GET', url, { key: reader.key })
    expect([answer.status, answer.body.errors]).toMatchObject([400, [{ path }]])
    expect(answer.text).not.toContain(reader.key)
  })

  it('is none before its last letter, and no JWT of the API is one', async () => {
    const { jwt } = account.owner
    for (const query of [
      `a=${reader.key.slice(0, -1)}`,
      'a=whm_',
      `a=${jwt}`,
      `a=Bearer%20${jwt}`,
    ]) {
      const passed = app.request('GET', `/api/contacts?${query}`, { key: reader.key })
      expect(await outcome(passed), query).toBe('200')
    }
  })
})

describe('malformed credentials', () => {
  /** What a header may hold: ASCII without control characters. */
  const headerText = fc.stringMatching(/^[ -~]{0,300}$/)
  const hexTail = fc.string({
    unit: fc.constantFrom(...'0123456789abcdef'),
    minLength: 30,
    maxLength: 34,
  })
  const nearTokens = fc.oneof(
    hexTail.map((tail) => `whm_${tail}`),
    fc.stringMatching(/^wacrm_live_[0-9A-Za-z]{37,41}$/),
    fc.tuple(fc.nat({ max: 35 }), headerText).map(([at, text]) => `whm_${'a'.repeat(at)}${text}`),
    fc.base64String({ maxLength: 200 }),
    fc.jsonValue().map((value) => JSON.stringify(value).replace(/[^\x20-\x7e]/g, '')),
    fc
      .tuple(fc.base64String(), fc.base64String(), fc.base64String())
      .map((parts) => parts.join('.')),
    headerText,
  )

  it('several hundred arbitrary ones are all 401 and reach no store', async () => {
    await fc.assert(
      fc.asyncProperty(nearTokens, fc.constantFrom('x-api-key', 'bearer'), async (token, where) => {
        const name = where === 'bearer' ? 'authorization' : where
        const headers = { [name]: where === 'bearer' ? `Bearer ${token}` : token }
        const answer = await app.request('GET', '/api/contacts', { headers })
        expectProblem(answer, 401, answer.body.code)
        expect(['invalid_api_key', 'invalid_token']).toContain(answer.body.code)
      }),
      { numRuns: 300 },
    )
    expect(watch.counts()).toEqual({})
  })

  const nasty = [
    "' OR 1=1 --",
    '"; DROP TABLE api_key; --',
    '%00',
    '$' + '{jndi:ldap://x}',
    '../../etc/passwd',
    '{}',
    '[]',
    'null',
    'true',
    '0',
    '-1',
    '1e999',
    'whm_%61',
    '<script>',
    '\u00ff\u00fe',
    'a'.repeat(8_000),
    '.'.repeat(5_000),
    'whm_'.repeat(50),
    `whm_${'0'.repeat(31)}\u00b2`,
    `${'a.'.repeat(2)}b`,
    'e30.e30.',
    `e30.${btoa('{"iss":1}')}.x`,
    ', ',
    'a, b',
    'Bearer',
    'Bearer Bearer',
    '=',
    '==',
    '%',
    'undefined',
    '[object Object]',
    '__proto__',
  ]
  it.each(nasty)(
    '%.40j is a 401 at the gateway and on management endpoints, and reaches no store',
    async (token) => {
      for (const path of ['/api/contacts', '/api/api-keys']) {
        for (const headers of [{ 'x-api-key': token }, { authorization: `Bearer ${token}` }]) {
          const answer = await app.request('GET', path, { headers: headers as HeadersInit })
          expect([answer.status, answer.body.code], answer.text).toEqual([
            401,
            expect.stringMatching(/^invalid_(api_key|token)$/),
          ])
        }
      }
      expect(watch.counts()).toEqual({})
    },
  )
})

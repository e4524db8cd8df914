// The headers of the gateway: what reaches the API behind it, and what its answers carry back.
import { SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { down } from '../support/outage.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

let answer: (request: Request) => Response
let received: Request[]
let app: TestApp
let account: Account
let key: string
let portalSession: string

function createGatewayApp(gateway: object = {}, bindings: Partial<Env> = {}): Promise<TestApp> {
  const upstream = {
    fetch(request: Request) {
      received.push(request)
      return answer(request)
    },
  }
  const foreign = {
    bare: { prefix: '', alphabet: 'hex', length: 40 },
    uk: { prefix: 'uk_', alphabet: 'base62', length: { min: 20, max: 30 } },
  } as const
  const settings = { ...config, foreign, gateway: { ...config.gateway, ...gateway, upstream } }
  const clock = createSkippingClock()
  return createTestApp({ clock, bindings, isolate: createIsolate(settings, clock) })
}

beforeAll(async () => {
  app = await createGatewayApp()
  account = await openAccount()
  key = (await makeKey(app, account.owner.jwt)).key
  portalSession = `lkps_${crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: 'base64url', omitPadding: true })}`
})

beforeEach(() => {
  received = []
  answer = () => new Response('answered')
})

/** The headers that the API received of a request with `X-API-Key` and the given headers. */
async function passed(headers: Record<string, string>, at = app) {
  const { status, text } = await at.request('GET', '/api/contacts', { key, headers })
  expect(status, text).toBe(200)
  return Object.fromEntries(received.at(-1)?.headers ?? [])
}

const externalJwt = (issuer: string, audience: string) =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience(audience)
    .sign(crypto.getRandomValues(new Uint8Array(32)))

const overrides = [
  ...['x-http-method-override', 'x-http-method', 'x-method-override'],
  ...['X_HTTP_Method_Override', 'x.http.method', 'X-Method_Override', 'x~method~override'],
]

describe('a header that names another method', () => {
  it.each(overrides)('is refused before anything reaches the API: %s', async (name) => {
    const headers = { [name]: 'DELETE' }
    expect(await outcome(app.request('POST', '/api/contacts', { key, headers }))).toBe(
      '400 invalid_request',
    )
    expect(received).toEqual([])
  })

  it.each(overrides)('is refused before a speculative request, too: %s', async (name) => {
    const speculative = await createGatewayApp({ speculative: true })
    await speculative.request('GET', '/api/contacts', { key })
    speculative.clock.skip(2_000)
    received = []
    const headers = { [name]: 'DELETE' }
    const refused = await speculative.request('GET', '/api/contacts', { key, headers })
    expect(`${refused.status} ${refused.body.code}`).toBe('400 invalid_request')
    expect(refused.body.errors).toEqual([{ path: name.toLowerCase(), message: 'Not allowed' }])
    expect(received).toEqual([])
    // The same request without it is sent before the verdict.
    await speculative.request('GET', '/api/contacts', { key })
    expect(received).toHaveLength(1)
  })

  it.each(overrides)('is refused by forward auth: %s', async (name) => {
    const headers = {
      [name]: 'DELETE',
      'x-original-method': 'POST',
      'x-original-uri': '/api/contacts',
    }
    const denied = app.request('GET', '/forward-auth/nginx/crm', { key, headers })
    expect(await outcome(denied)).toBe('403 forbidden')
  })
})

it('an answer to a speculative request in the name of an earlier external id reaches no client', async () => {
  const speculative = await createGatewayApp({ speculative: true })
  const as = account.owner.jwt
  const made = await makeKey(app, as, { scopes: ['contacts:read'], external_id: 'before' })
  const customerOf = ({ headers }: Request) => headers.get('x-latchkey-external-id')
  answer = (request) => new Response(customerOf(request))
  const asked = async () =>
    (await speculative.request('GET', '/api/contacts', { key: made.key })).text
  expect(await asked()).toBe('before')
  const body = { external_id: 'after' }
  expect(await outcome(app.request('PATCH', `/api/api-keys/${made.id}`, { as, body }))).toBe('200')
  speculative.clock.skip(10_000)
  received = []
  expect(await asked()).toBe('after')
  expect(received.map(customerOf)).toEqual(['before', 'after'])
})

describe('the API behind the gateway receives no', () => {
  const ours = [
    'X.Latchkey.Account',
    'X_Latchkey_Account',
    'x~latchkey~scopes',
    'X-Latchkey_New',
    'X-Latchkey',
    'X-Latchkey-External-Id',
    'X-LATCHKEY-ENVIRONMENT',
    'X_Latchkey_External_Id',
    'X-Latchkey-External_Id',
    'X.Latchkey.Resources',
    'x~latchkey~environment',
  ]
  it('header Latchkey-Account of the client, which names the account of the key', async () => {
    const got = await passed({ 'Latchkey-Account': account.id })
    expect(Object.keys(got).map((name) => name.toLowerCase())).not.toContain('latchkey-account')
  })

  it.each([...ours, 'Latchkey_Account', 'latchkey.account', 'X_API_Key'])(
    'header %s of the client',
    async (name) =>
      expect(JSON.stringify(await passed({ [name]: 'forged' }))).not.toContain('forged'),
  )

  const forwarding = [
    ...[
      'Forwarded',
      'X-Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Forwarded-User',
      'X-Real-IP',
      'X-Host',
    ],
    ...[
      'X-Original-URL',
      'X-Original-Host',
      'X-Original-URI',
      'X-Original-Method',
      'X-Rewrite-URL',
      'X-Rewrite-Path',
    ],
    ...['True-Client-IP', 'X-Client-IP', 'Client-IP', 'X-Cluster-Client-IP', 'Fastly-Client-IP'],
  ]
  it.each([
    ...forwarding,
    ...forwarding.map((name) => name.replaceAll('-', '_')),
    ...forwarding.map((name) => name.replaceAll('-', '.')),
    ...['CF_Connecting_IP', 'CF.IPCountry'],
  ])('%s of the client', async (name) => {
    expect(JSON.stringify(await passed({ [name]: '10.9.8.7' }))).not.toContain('10.9.8.7')
  })

  it('token of any format in any header, well tagged or not', async () => {
    const second = await makeKey(app, account.owner.jwt, { format: 'wacrm_live' })
    const tokens = [
      ...[key, second.key, `whm_${'0'.repeat(32)}`, `wacrm_live_${'a'.repeat(39)}`],
      ...[`uk_${'Z'.repeat(20)}`, portalSession],
    ]
    for (const token of tokens) {
      const headers = {
        authorization: `Bearer ${token}`,
        'x-debug': `"${token}"`,
        'x-glued': `x${token}9`,
        'x-late': `whm_ uk_ ${'lkps_'.repeat(20)} ${token}`,
        referer: `https://app.example/?a=1&token=${token}#x`,
        cookie: `a=1; key=${token}; b=2`,
      }
      const got = await passed(headers)
      expect(JSON.stringify(got), token).not.toContain(token)
      expect(Object.keys(got), token).not.toContain('authorization')
      expect(got.cookie).toBe('a=1; b=2')
    }
  })

  it('token behind Basic, as introspection takes it', async () => {
    const basic = (user: string, password: string) => ({
      authorization: `basic ${btoa(`${user}:${password}`)}`,
    })
    expect(await passed(basic('latchkey', key))).not.toHaveProperty('authorization')
    expect(await passed(basic(key, ''))).not.toHaveProperty('authorization')
    expect(await passed(basic('latchkey', portalSession))).not.toHaveProperty('authorization')
    const encoded = key.replace('_', '%5F')
    expect(await passed(basic('latchkey', encoded))).not.toHaveProperty('authorization')
    expect(await passed(basic(encoded, ''))).not.toHaveProperty('authorization')
    expect(await passed(basic('50%', key))).not.toHaveProperty('authorization')
    const ofApi = basic('user%40example.com', '100%')
    expect(await passed(ofApi)).toMatchObject(ofApi)
  })

  it('token without a prefix as the whole value, or behind a scheme', async () => {
    const bare = 'a1'.repeat(20)
    const got = await passed({
      'x-token': bare,
      authorization: `Token ${bare}`,
      'if-match': `"${bare}"`,
      traceparent: `00-${bare.slice(8)}-00f067aa0ba902b7-01`,
    })
    expect(got).not.toHaveProperty('x-token')
    expect(got).not.toHaveProperty('authorization')
    expect(got).toMatchObject({ 'if-match': `"${bare}"`, traceparent: expect.any(String) })
  })

  it('JWT of ours beside a key, in whatever header', async () => {
    const { jwt } = account.owner
    const got = await passed({
      authorization: `Bearer ${jwt}`,
      'x-user-token': jwt,
      'x-list': `v1.${jwt}, other`,
      cookie: `id=${jwt}; theme=dark`,
    })
    expect(JSON.stringify(got)).not.toContain(jwt.split('.')[1])
    expect(got.cookie).toBe('theme=dark')
  })

  it('JWT of the external issuer that this deployment accepts; for another audience it passes', async () => {
    const external = {
      JWT_ISSUER: 'https://id.example',
      JWT_AUDIENCE: 'latchkey',
      JWT_JWKS_URL: 'https://id.example/jwks',
    }
    const at = await createGatewayApp({}, external as unknown as Partial<Env>)
    const accepted = await externalJwt('https://id.example', 'latchkey')
    expect(await passed({ authorization: `Bearer ${accepted}` }, at)).not.toHaveProperty(
      'authorization',
    )
    const ofApi = `Bearer ${await externalJwt('https://id.example', 'crm')}`
    expect((await passed({ authorization: ofApi }, at)).authorization).toBe(ofApi)
  })

  it('repetition of the credential itself', async () => {
    const { jwt } = account.member
    const headers = { authorization: `Bearer ${jwt}`, 'x-again': jwt }
    expect((await app.request('GET', '/api/contacts', { headers })).status).toBe(200)
    expect(JSON.stringify([...(received.at(-1)?.headers ?? [])])).not.toContain(jwt)
  })
})

describe('the API behind the gateway receives', () => {
  it.each([
    ['authorization', `Basic ${btoa('user:password')}`],
    ['authorization', 'Bearer opaque-token-of-the-api'],
    ['authorization', 'Basic not base64!'],
    ['cookie', 'a=whm_; theme=dark'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0'],
    ['x-note', `whm_${'a'.repeat(31)} and whm_${'A'.repeat(32)}`],
    ['x-note', `${'A'.repeat(40)}.${'B'.repeat(40)}.${'C'.repeat(40)}`],
    ['idempotency-key', '0190d1c8-6f7a-7cc3-98c4-dc0c0c07398f'],
    ['x-hostname', 'kept'],
  ])('%s: %s beside X-API-Key, unchanged', async (name, value) => {
    expect((await passed({ [name]: value }))[name]).toBe(value)
  })

  it('a JWT of its own beside X-API-Key', async () => {
    const jwt = `Bearer ${await externalJwt('https://idp.example', 'crm')}`
    expect((await passed({ authorization: jwt })).authorization).toBe(jwt)
  })
})

describe('an answer to a credential', () => {
  const ask = async (headers: HeadersInit) => {
    answer = () => new Response('answered', { headers })
    const { headers: got } = await app.request('GET', '/api/contacts', { key })
    return { cache: got.get('cache-control'), vary: got.get('vary') }
  }
  const both = 'Authorization, X-API-Key'

  it.each<[string, Record<string, string>, string, string]>([
    ['says nothing', {}, 'private', both],
    ['says how long', { 'cache-control': 'public, max-age=60' }, 'public, max-age=60', both],
    [
      'varies on its own',
      { vary: 'Accept-Encoding, Origin' },
      'private',
      `Accept-Encoding, Origin, ${both}`,
    ],
    ['varies on one of them', { vary: 'authorization' }, 'private', 'authorization, X-API-Key'],
    ['varies on everything', { vary: '*' }, 'private', '*'],
    [
      'names a header that begins alike',
      { vary: 'X-API-Key-Id' },
      'private',
      `X-API-Key-Id, ${both}`,
    ],
  ])(
    'is private and varies on both credentials when the API %s',
    async (_, headers, cache, vary) => {
      expect(await ask(headers)).toEqual({ cache, vary })
    },
  )

  it('of the gateway itself is not stored', async () => {
    const refused = await app.request('GET', '/api/contacts', { key: 'bad' })
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([401, 'no-store'])
    const at = await createGatewayApp({}, down(['DB', 'KEY_CACHE', 'FENCE']))
    const unknown = await at.request('GET', '/api/contacts', { key })
    expect([unknown.status, unknown.headers.get('cache-control')]).toEqual([503, 'no-store'])
  })
})

describe('forward auth', () => {
  it.each(['X.Latchkey.Account', 'X_Latchkey_Account', 'x-latchkey-key_id'])(
    'denies a request with %s, which its proxy would pass to the API',
    async (name) => {
      const headers = {
        [name]: 'forged',
        'x-original-method': 'GET',
        'x-original-uri': '/api/contacts',
      }
      const denied = app.request('GET', '/forward-auth/nginx/crm', { key, headers })
      expect(await outcome(denied)).toBe('403 forbidden')
    },
  )
})

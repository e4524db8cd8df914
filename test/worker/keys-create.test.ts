// POST /api/api-keys: every field, and every validation error with the field that it names.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import fc from '../support/fc.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
})

const post = (body: unknown, headers?: HeadersInit) =>
  app.request('POST', '/api/api-keys', { as: account.owner.jwt, body, ...(headers && { headers }) })
const keysStored = async () =>
  (await env.DB.prepare('SELECT count(*) AS n FROM api_key').first<{ n: number }>())?.n

describe('a key with only a name', () => {
  it('is a whm key that inherits, never expires, and has the shape of the contract', async () => {
    const before = app.clock.now()
    const made = await post({ name: '  Production Integration ' })
    expect(made.status, made.text).toBe(201)
    expect(made.body.status).toBe('success')
    const { id, key, key_prefix, created_at } = made.body.data
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(key).toMatch(/^whm_[0-9a-f]{32}$/)
    expect(key_prefix).toBe(key.slice(4, 12))
    expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(Date.parse(created_at)).toBeGreaterThanOrEqual(before)
    expect(made.body.data).toMatchObject({
      name: 'Production Integration',
      format: 'whm',
      scopes: null,
      status: 'active',
      is_active: true,
      external_id: null,
      metadata: null,
      allowed_ips: null,
      rate_limit: null,
      credits: null,
      created_by: account.owner.id,
      expires_at: null,
      last_used_at: null,
      revoked_at: null,
      revoked_by: null,
      replaced_by: null,
    })
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect(made.headers.get('content-type')).toMatch(/^application\/json/)
  })

  it('is refused until it is enabled where is_active is false', async () => {
    const made = await post({ name: 'Later', is_active: false, scopes: [] })
    expect([made.status, made.body.data.is_active]).toEqual([201, false])
    const { id, key } = made.body.data
    const me = () => outcome(app.request('GET', '/api/v1/me', { key }))
    expect(await me()).toBe('401 disabled_api_key')
    const body = { is_active: true }
    await app.request('PATCH', `/api/api-keys/${id}`, { as: account.owner.jwt, body })
    expect(await me()).toBe('200')
  })

  it('works immediately', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    expect(await outcome(app.request('GET', '/api/contacts', { key }))).toBe('200')
  })
})

describe('each field of a key', () => {
  const time = '2099-12-31T23:59:59.000Z'
  it.each([
    ['name', { name: 'x' }, { name: 'x' }],
    ['name of 80 characters', { name: 'n'.repeat(80) }, { name: 'n'.repeat(80) }],
    [
      'name of 80 characters between spaces',
      { name: ` ${'n'.repeat(80)} ` },
      { name: 'n'.repeat(80) },
    ],
    [
      'name of 80 characters beyond the basic plane',
      { name: '🔑'.repeat(80) },
      { name: '🔑'.repeat(80) },
    ],
    [
      'name in any script',
      { name: "O'Brien <b>漢字</b> %_\\" },
      { name: "O'Brien <b>漢字</b> %_\\" },
    ],
    ['expires_at', { expires_at: '2099-12-31T23:59:59Z' }, { expires_at: time }],
    [
      'expires_at with an offset',
      { expires_at: '2100-01-01T01:59:59+02:00' },
      { expires_at: time },
    ],
    [
      'expires_at with a fraction',
      { expires_at: '2099-12-31T23:59:59.123456Z' },
      { expires_at: '2099-12-31T23:59:59.123Z' },
    ],
    ['expires_at null', { expires_at: null }, { expires_at: null }],
    ['scopes', { scopes: ['contacts:read'] }, { scopes: ['contacts:read'] }],
    [
      'scopes named twice',
      { scopes: ['contacts:read', 'messages:send', 'contacts:read'] },
      { scopes: ['contacts:read', 'messages:send'] },
    ],
    ['no scopes', { scopes: [] }, { scopes: [] }],
    ['scopes null', { scopes: null }, { scopes: null }],
    [
      'reserved scopes by an owner',
      { scopes: ['keys:manage', 'keys:verify'] },
      { scopes: ['keys:manage', 'keys:verify'] },
    ],
    ['format', { format: 'wacrm_live' }, { format: 'wacrm_live' }],
    [
      'allowed_ips',
      { allowed_ips: ['192.0.2.0/24', '2001:db8::1'] },
      { allowed_ips: ['192.0.2.0/24', '2001:db8::1'] },
    ],
    ['allowed_ips null', { allowed_ips: null }, { allowed_ips: null }],
    ['external_id', { external_id: 'customer 42' }, { external_id: 'customer 42' }],
    ['external_id null', { external_id: null }, { external_id: null }],
    [
      'metadata',
      { metadata: { a: [1, { b: null }], '': '漢' } },
      { metadata: { a: [1, { b: null }], '': '漢' } },
    ],
    ['metadata null', { metadata: null }, { metadata: null }],
    ['limits null', { rate_limit: null, credits: null }, { rate_limit: null, credits: null }],
    [
      'rate_limit',
      { rate_limit: { limit: 100, window_seconds: 60 } },
      {
        rate_limit: [{ name: 'default', limit: 100, window_seconds: 60 }],
        limits_by: 'key',
      },
    ],
    [
      'rate_limit of several windows',
      {
        rate_limit: [
          { limit: 10, window_seconds: 1 },
          { limit: 1_000_000, window_seconds: 31 * 86_400, name: 'month', mode: 'fast' },
        ],
      },
      {
        rate_limit: [
          { name: '1s', limit: 10, window_seconds: 1 },
          { name: 'month', limit: 1_000_000, window_seconds: 31 * 86_400, mode: 'fast' },
        ],
      },
    ],
    ['credits', { credits: { remaining: 5 } }, { credits: { remaining: 5, refill: null } }],
    [
      'credits with a refill',
      { credits: { remaining: 0, refill: { amount: 7, interval: 'monthly' } } },
      { credits: { remaining: 0, refill: { amount: 7, interval: 'monthly', day: 1 } } },
    ],
    [
      'credits that join those of an external_id',
      { external_id: 'joined', limits_by: 'external_id', credits: {} },
      { credits: { remaining: 0, refill: null }, limits_by: 'external_id' },
    ],
  ])('is taken and read back: %s', async (_, body, shown) => {
    const made = await post({ name: 'A key', ...body })
    expect(made.status, made.text).toBe(201)
    expect(made.body.data).toMatchObject(shown)
    const read = await app.request('GET', `/api/api-keys/${made.body.data.id}`, {
      as: account.owner.jwt,
    })
    const { key: _key, ...rest } = made.body.data
    expect(read.body.data).toEqual(rest)
  })

  it('format sets the token: a wacrm_live key has 39 letters of base62', async () => {
    const made = await makeKey(app, account.owner.jwt, { format: 'wacrm_live' })
    expect(made.key).toMatch(/^wacrm_live_[0-9A-Za-z]{39}$/)
    expect(made.key_prefix).toBe(made.key.slice(11, 19))
  })

  it('scopes [] authenticates at /api/v1/me and grants nothing else', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt, { name: 'Nothing', scopes: [] })
    const me = await app.request('GET', '/api/v1/me', { key })
    expect(me.body).toEqual({
      status: 'success',
      data: {
        account: { id: account.id, name: account.name },
        key: {
          ...{ id, name: 'Nothing', scopes: [], resources: [], expires_at: null },
          ...{ external_id: null, environment: 'live' },
        },
      },
    })
    expect(await outcome(app.request('GET', '/api/contacts', { key }))).toBe(
      '403 insufficient_scope',
    )
    expect(await outcome(app.request('GET', '/api/nowhere', { key }))).toBe('403 forbidden')
    expect(await outcome(app.request('GET', '/api/api-keys', { key }))).toBe(
      '403 insufficient_scope',
    )
  })

  it('scopes null shows the inherited scopes at /api/v1/me, without the reserved ones', async () => {
    const expires_at = '2099-12-31T23:59:59.000Z'
    const { key } = await makeKey(app, account.owner.jwt, { expires_at })
    const me = await app.request('GET', '/api/v1/me', { key })
    expect(me.body.data.key.expires_at).toBe(expires_at)
    expect([...me.body.data.key.scopes].sort()).toEqual([
      'broadcasts:send',
      'contacts:read',
      'contacts:write',
      'conversations:read',
      'messages:read',
      'messages:send',
      'webhooks:manage',
    ])
  })
})

describe('an invalid field', () => {
  const future = '2099-12-31T23:59:59Z'
  it.each<[string, unknown]>([
    ['name', undefined],
    ['name', ''],
    ['name', '   '],
    ['name', '\t\n\u3000'],
    ['name', 'n'.repeat(81)],
    ['name', 1],
    ['name', null],
    ['name', ['x']],
    ['expires_at', '2001-01-01T00:00:00Z'],
    ['expires_at', 'tomorrow'],
    ['expires_at', ''],
    ['expires_at', '2099-12-31'],
    ['expires_at', '2099-12-31T23:59:59'],
    ['expires_at', '2099-02-30T00:00:00Z'],
    ['expires_at', '2099-13-01T00:00:00Z'],
    ['expires_at', '2099-12-31T25:00:00Z'],
    ['expires_at', 4_102_444_799],
    ['expires_at', [future]],
    ['expires_at', 0.5],
    ['expires_at', `${future} `],
    ['expires_at', '+012099-12-31T23:59:59Z'],
    ['scopes.0', ['contacts:delete']],
    ['scopes.1', ['contacts:read', 'CONTACTS:READ']],
    ['scopes.0', ['*']],
    ['scopes.0', ['']],
    ['scopes.0', [null]],
    ['scopes.0', ['toString']],
    ['scopes.0', ['__proto__']],
    ['scopes.0', [['contacts:read']]],
    ['scopes', 'contacts:read'],
    ['scopes', 'contacts:read messages:send'],
    ['scopes', {}],
    ['scopes', true],
    ['scopes', { length: 0 }],
    ['format', 'sk'],
    ['format', null],
    ['format', 'toString'],
    ['format', ''],
    ['allowed_ips', []],
    ['allowed_ips', '192.0.2.1'],
    ['allowed_ips.0', ['example.com']],
    ['allowed_ips.0', ['192.0.2.0/33']],
    ['allowed_ips', Array.from({ length: 51 }, () => '192.0.2.1')],
    ['external_id', ''],
    ['external_id', 'x'.repeat(256)],
    ['external_id', 42],
    ['external_id', {}],
    ['metadata', 'text'],
    ['metadata', []],
    ['metadata', { a: 'x'.repeat(4_096) }],
    ['metadata', 1],
    ['rate_limit', 10],
    ['rate_limit', []],
    ['rate_limit.limit', { limit: 0, window_seconds: 1 }],
    ['rate_limit.limit', { limit: 1_000_001, window_seconds: 1 }],
    ['rate_limit.limit', { limit: 1.5, window_seconds: 1 }],
    ['rate_limit.window_seconds', { limit: 1, window_seconds: 0 }],
    ['rate_limit.window_seconds', { limit: 1, window_seconds: 31 * 86_400 + 1 }],
    ['rate_limit.window_seconds', { limit: 1 }],
    ['rate_limit.mode', { limit: 1, window_seconds: 1, mode: 'loose' }],
    ['rate_limit.name', { limit: 1, window_seconds: 1, name: 'a "b"' }],
    ['rate_limit.window', { limit: 1, window_seconds: 1, window: 1 }],
    [
      'rate_limit.1.limit',
      [
        { limit: 1, window_seconds: 1 },
        { limit: 0, window_seconds: 2 },
      ],
    ],
    ['rate_limit', Array.from({ length: 6 }, (_, at) => ({ limit: 1, window_seconds: at + 1 }))],
    ['rate_limit', Array(2).fill({ limit: 1, window_seconds: 1 })],
    ['credits', 10],
    ['credits.remaining', {}],
    ['credits.remaining', { remaining: -1 }],
    ['credits.remaining', { remaining: 0.5 }],
    ['credits.remaining', { remaining: null }],
    ['credits.spent', { remaining: 1, spent: 0 }],
    ['credits.refill.interval', { remaining: 1, refill: { amount: 1, interval: 'weekly' } }],
    ['credits.refill.amount', { remaining: 1, refill: { amount: 0, interval: 'daily' } }],
    ['credits.refill.day', { remaining: 1, refill: { amount: 1, interval: 'daily', day: 1 } }],
    ['credits.refill.day', { remaining: 1, refill: { amount: 1, interval: 'monthly', day: 32 } }],
    ['limits_by', 'external_id'],
    ['limits_by', 'account'],
    ['limits_by', null],
    ['is_active', 'yes'],
    ['id', 'x'],
    ['key', 'x'],
    ['digest', 'x'],
    ['account_id', 'x'],
    ['created_by', 'x'],
    ['scope', 'contacts:read'],
    ['expiresAt', null],
  ])('%s as %.60j is 400 and named', async (path, value) => {
    const stored = await keysStored()
    const body = { name: 'A key', [path.split('.')[0] as string]: value }
    const answer = await post(body)
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(answer.body.errors).toEqual([{ path, message: expect.any(String) }])
    expect(answer.body.detail).toContain(path)
    expect(await keysStored()).toBe(stored)
  })

  it('says how many windows a rate_limit may have', async () => {
    const rate_limit = Array.from({ length: 6 }, (_, at) => ({ limit: 1, window_seconds: at + 1 }))
    const { body } = await post({ name: 'A key', rate_limit })
    expect(body.errors).toEqual([{ path: 'rate_limit', message: 'At most 5 windows' }])
  })

  it('is named together with all other invalid fields', async () => {
    const { body } = await post({ name: '', expires_at: 'x', scopes: ['x'], nonsense: 1 })
    const paths = body.errors.map(({ path }: { path: string }) => path).sort()
    expect(paths).toEqual(['expires_at', 'name', 'nonsense', 'scopes.0'])
  })

  it('includes an expires_at that equals the current time, but not a later one', async () => {
    const now = new Date(app.clock.now()).toISOString()
    expect((await post({ name: 'x', expires_at: now })).status).toBe(400)
    const soon = new Date(app.clock.now() + 10_000).toISOString()
    expect((await post({ name: 'x', expires_at: soon })).status).toBe(201)
  })
})

describe('an invalid body', () => {
  it('that is empty lacks its required field', async () => {
    const answer = await post('')
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(answer.body.errors).toMatchObject([{ path: 'name' }])
  })

  it.each([
    ' ',
    '{',
    '{"name":',
    '{"name":"x"}}',
    "{'name':'x'}",
    '{"name":"x",}',
    'name=x',
    '\u0000',
    '{"name":"\n"}',
    'NaN',
    '\ufeff{',
    '{"name":"x"} trailing',
  ])('%j is no JSON: 400 with errors', async (body) => {
    const answer = await post(body)
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(answer.body.errors).toEqual([{ path: '', message: expect.any(String) }])
  })

  it.each(['null', '[]', '"text"', '1', 'true', '[{"name":"x"}]', '[[]]'])(
    '%s is not an object: 400 with errors',
    async (body) => {
      const answer = await post(body)
      expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
      expect(answer.body.errors.length).toBeGreaterThan(0)
    },
  )

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'text/json',
    'application/jsonx',
    '',
  ])('declared as %j is 415', async (type) => {
    const answer = await post('{"name":"x"}', { 'content-type': type })
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type'])
  })

  it('that is absent is a 400 or a 415, not a key without a name', async () => {
    const stored = await keysStored()
    const answer = await app.request('POST', '/api/api-keys', { as: account.owner.jwt })
    expect([400, 415]).toContain(answer.status)
    expect(await keysStored()).toBe(stored)
  })

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json ;charset="utf-8"',
  ])('declared as %j is read', async (type) => {
    const answer = await post('{"name":"declared"}', { 'content-type': type })
    expect([answer.status, answer.body.data?.name], answer.text).toEqual([201, 'declared'])
  })

  it('of 64 kB is accepted, and one byte more is 413', async () => {
    const withLength = (bytes: number) => {
      const body = '{"name":"long"}'
      return body.slice(0, -1) + ' '.repeat(bytes - body.length) + body.slice(-1)
    }
    expect((await post(withLength(64 * 1024))).status).toBe(201)
    const answer = await post(withLength(64 * 1024 + 1))
    expect([answer.status, answer.body.code]).toEqual([413, 'payload_too_large'])
    const declared = await post(withLength(64 * 1024 + 1), {
      'content-length': String(64 * 1024 + 1),
    })
    expect(declared.status).toBe(413)
    expect(declared.headers.get('content-type')).toBe('application/problem+json')
  })

  it('nested as deeply as its maximum length allows is never a 5xx', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      for (const depth of [100, 5_000, 10_000]) {
        const nested = `${open.repeat(depth)}1${close.repeat(depth)}`
        const answer = await post(`{"name":"x","metadata":{"a":${nested}}}`)
        expect([201, 400], `${open} ${depth}: ${answer.text.slice(0, 200)}`).toContain(
          answer.status,
        )
      }
    }
  })

  it('of arbitrary JSON is never a 5xx: 200 generated ones', async () => {
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.string({ unit: 'binary', maxLength: 90 }),
      fc.double(),
    )
    const fields = fc.constantFrom(
      ...[
        'name',
        'expires_at',
        'scopes',
        'format',
        'allowed_ips',
        'external_id',
        'metadata',
        'rate_limit',
        '__proto__',
      ],
    )
    const bodies = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(fields, values),
      fc.dictionary(fields, values).map((body) => ({ ...body, name: 'x' })),
    )
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await post(JSON.stringify(body) ?? 'null')
        expect([201, 400], answer.text).toContain(answer.status)
        if (answer.status === 400) expect(answer.body.errors.length).toBeGreaterThan(0)
      }),
      { numRuns: 200 },
    )
  })
})

describe('X-Request-Id', () => {
  it('of a refused request equals the request_id in its problem', async () => {
    const bodies = ['{"name":""}', '{', 'x'.repeat(70_000)]
    for (const body of bodies) {
      const answer = await post(body)
      expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id)
    }
  })

  it('of a creation equals the one in its audit event', async () => {
    const made = await post({ name: 'Audited' })
    const events = await app.request('GET', `/api/audit-events?key_id=${made.body.data.id}`, {
      as: account.owner.jwt,
    })
    expect(events.body.data).toHaveLength(1)
    expect(events.body.data[0]).toMatchObject({
      action: 'key.created',
      actor: { kind: 'person', id: account.owner.id },
      request_id: made.headers.get('x-request-id'),
    })
  })
})

// The portal: a customer's session from its link to its end, and what a customer may do to which keys. Who else might
// come in is in portal-isolation.test.ts.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import {
  codeOf,
  customerInput,
  exchangeCode,
  makeOpener,
  makePortalKey,
  openPortal,
  portalCode,
  portalKeys,
  portalSession,
} from '../support/portal.ts'
import { createTestApp } from '../support/test-app.ts'

const app = await createTestApp()
let acme: Account
let opener: string

beforeAll(async () => {
  acme = await openAccount()
  opener = (await makeOpener(app, acme.owner.jwt)).key
})

const asOwner = () => ({ as: acme.owner.jwt })
const newCustomer = () => `customer-${crypto.randomUUID()}`
const use = (key: string) => outcome(app.request('GET', '/api/v1/me', { as: key }))
const session = (as: string) => app.request('GET', '/api/v1/portal/session', { as })

describe('a session', () => {
  it('is opened by a key, begins with the code of its url, and says what the customer may do', async () => {
    const external_id = newCustomer()
    const limits = { rate_limit: { limit: 9, window_seconds: 60 }, max_lifetime: 86_400 }
    const origin = 'https://app.example.com'
    const environments = ['test', 'live']
    const opened = await openPortal(app, opener, {
      external_id,
      limits,
      origin,
      environments,
      max_keys: 3,
    })
    expect(opened.status, opened.text).toBe(201)
    expect(opened.headers.get('cache-control')).toBe('no-store')
    const { url, expires_at } = opened.body.data
    expect(url).toMatch(new RegExp(`^${env.BASE_URL}/portal#code=lkpc_[0-9A-Za-z]{49}$`))
    expect(Date.parse(expires_at) - app.clock.now()).toBeLessThanOrEqual(5 * 60_000)

    const begun = await exchangeCode(app, codeOf(url))
    expect(begun.status, begun.text).toBe(201)
    expect(begun.headers.get('cache-control')).toBe('no-store')
    const { token } = begun.body.data
    expect(token).toMatch(/^lkps_[0-9A-Za-z]{49}$/)

    await makePortalKey(app, token)
    const { status, body, headers } = await session(token)
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body.data).toEqual({
      account: { name: 'Acme Inc' },
      external_id,
      scopes: [
        { scope: 'contacts:read', description: expect.any(String) },
        { scope: 'messages:read', description: expect.any(String) },
      ],
      environments: ['test', 'live'],
      limits: {
        rate_limit: [{ name: 'default', limit: 9, window_seconds: 60 }],
        limits_by: 'external_id',
        max_lifetime: 86_400,
      },
      ...{ max_keys: 3, keys: 1, origin },
      expires_at: expect.any(String),
      ends_at: expect.any(String),
    })
  })

  it('is stored hashed: neither its code nor its token is in the database', async () => {
    const code = await portalCode(app, opener)
    const rows = async () =>
      JSON.stringify((await env.DB.prepare('SELECT * FROM portal_session').all()).results)
    expect(await rows()).not.toContain(code.slice(5, 25))
    const { token } = (await exchangeCode(app, code)).body.data
    expect(await rows()).not.toContain(token.slice(5, 25))
  })

  it('begins once, also where two exchange its code at the same time', async () => {
    const code = await portalCode(app, opener)
    const answers = await Promise.all([1, 2, 3].map(() => exchangeCode(app, code)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400])
    const again = await exchangeCode(app, code)
    expect([again.status, again.body.errors[0].path]).toEqual([400, 'code'])
  })

  it('ends after 15 minutes without use, and after an hour of use', async () => {
    const idle = await portalSession(app, opener)
    const used = await portalSession(app, opener)
    app.clock.skip(14 * 60_000)
    expect((await session(used)).status).toBe(200)
    app.clock.skip(60_000)
    expect(await outcome(session(idle))).toBe('401 invalid_token')
    for (let minute = 15; minute < 55; minute += 10) {
      expect((await session(used)).status, `after ${minute} minutes`).toBe(200)
      app.clock.skip(10 * 60_000)
    }
    expect((await session(used)).status).toBe(200)
    app.clock.skip(5 * 60_000)
    expect(await outcome(session(used))).toBe('401 invalid_token')
  })

  it('does not begin by a code of five minutes ago', async () => {
    const code = await portalCode(app, opener)
    app.clock.skip(5 * 60_000)
    expect(await outcome(exchangeCode(app, code))).toBe('400 invalid_request')
  })

  it('ends when its customer signs out', async () => {
    const as = await portalSession(app, opener)
    expect((await app.request('DELETE', '/api/v1/portal/session', { as })).status).toBe(200)
    expect(await outcome(session(as))).toBe('401 invalid_token')
  })

  it('is audited with the key that opened it', async () => {
    const external_id = newCustomer()
    await openPortal(app, opener, { external_id })
    const path = '/api/audit-events?action=portal_session.created&limit=1'
    const [event] = (await app.request('GET', path, asOwner())).body.data
    expect(event.actor).toMatchObject({ kind: 'key' })
    expect(event.detail).toMatchObject({ external_id, scopes: customerInput.scopes })
  })

  it('is opened once for an Idempotency-Key, and its url is not shown again', async () => {
    const request = (body: object) =>
      app.request('POST', '/api/v1/portal-sessions', {
        as: opener,
        headers: { 'idempotency-key': 'click-1' },
        body: { ...customerInput, ...body },
      })
    expect((await request({})).status).toBe(201)
    const repeated = await request({})
    expect([repeated.status, repeated.text.includes('lkpc_')]).toEqual([409, false])
    expect(await outcome(request({ max_keys: 1 }))).toBe('422 idempotency_key_reused')
  })

  it.each([
    ['a wildcard', { scopes: ['contacts:*'] }, 'scopes.0'],
    ['a reserved scope', { scopes: ['keys:manage'] }, 'scopes.0'],
    ['an unknown scope', { scopes: ['nothing:read'] }, 'scopes.0'],
    ['the external id none', { external_id: ' none ' }, 'external_id'],
    ['no limits', { limits: undefined }, 'limits'],
    ['limits without a rate', { limits: {} }, 'limits.rate_limit'],
    ['limits of each key', { limits: { rate_limit: null, limits_by: 'key' } }, 'limits.limits_by'],
    ['an unknown environment', { environments: ['prod'] }, 'environments.0'],
    ['an origin with a path', { origin: 'https://app.example.com/x' }, 'origin'],
    ['an origin without TLS', { origin: 'http://app.example.com' }, 'origin'],
    ['an origin that is a script', { origin: 'javascript:alert(1)' }, 'origin'],
  ])('is not opened with %s', async (_, body, path) => {
    const { status, body: answer } = await openPortal(app, opener, body)
    expect([status, answer.errors?.[0]?.path]).toEqual([400, path])
  })

  it.each([
    ['scopes', { scopes: ['contacts:read'] }, {}],
    ['environments', { environments: ['test'] }, {}],
    ['external ids', { external_ids: ['customer-2'] }, {}],
    ['lifetime', { max_lifetime: 60 }, {}],
    [
      'a longer lifetime',
      { max_lifetime: 60 },
      { limits: { ...customerInput.limits, max_lifetime: 61 } },
    ],
    ['rate limit', { rate_limit: { limit: 99, window_seconds: 60 } }, {}],
    [
      'fast rate limit',
      { rate_limit: { limit: 100, window_seconds: 60 } },
      {
        limits: {
          ...customerInput.limits,
          rate_limit: { limit: 100, window_seconds: 60, mode: 'fast' },
        },
      },
    ],
  ])('is not opened beyond the may_grant of its key: %s', async (_, may_grant, body) => {
    const { key } = await makeOpener(app, acme.owner.jwt, { may_grant })
    expect(await outcome(openPortal(app, key, body))).toBe('403 forbidden')
  })

  it('is not opened by a key without may_grant, without keys:portal, or by a person', async () => {
    const bare = await makeOpener(app, acme.owner.jwt, { may_grant: null })
    expect(await outcome(openPortal(app, bare.key))).toBe('403 forbidden')
    const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
    expect(await outcome(openPortal(app, manager.key))).toBe('403 insufficient_scope')
    expect(await outcome(openPortal(app, acme.owner.jwt))).toBe('403 insufficient_scope')
  })
})

describe('the keys of a customer', () => {
  it('are made for them, with the limits of the session, and work', async () => {
    const external_id = newCustomer()
    const limits = { rate_limit: { limit: 5, window_seconds: 60 }, max_lifetime: 3_600 }
    const as = await portalSession(app, opener, { external_id, limits })
    const made = await makePortalKey(app, as)
    expect(made).not.toHaveProperty('metadata')
    expect(await use(made.key)).toBe('200')
    const { data } = (await app.request('GET', `/api/api-keys/${made.id}`, asOwner())).body
    expect(data).toMatchObject({
      external_id,
      ...{ scopes: ['contacts:read'], limits_by: 'external_id', environment: 'live' },
      ...{ metadata: null, allowed_ips: null, may_grant: null, credits: null },
      rate_limit: [{ name: 'default', limit: 5, window_seconds: 60 }],
    })
    const lifetime = Date.parse(data.expires_at) - Date.parse(data.created_at)
    expect(Math.abs(lifetime - 3_600_000)).toBeLessThan(5_000)
  })

  it('are audited with the key that opened the session, and as made through the portal', async () => {
    const external_id = newCustomer()
    const made = await makePortalKey(app, await portalSession(app, opener, { external_id }))
    const path = `/api/audit-events?key_id=${made.id}`
    const [event] = (await app.request('GET', path, asOwner())).body.data
    expect(event.action).toBe('key.created')
    expect(event.detail.portal).toEqual({ external_id })
    const { data } = (await app.request('GET', `/api/api-keys/${made.id}`, asOwner())).body
    expect([event.actor.kind, event.actor.id]).toEqual(['key', data.made_by])
  })

  it('are listed page by page and by status, without what others see', async () => {
    const as = await portalSession(app, opener, { external_id: newCustomer() })
    const [one, two] = [await makePortalKey(app, as), await makePortalKey(app, as)]
    await app.request('DELETE', `${portalKeys}/${one.id}`, { as })
    const page = (await app.request('GET', `${portalKeys}?limit=1`, { as })).body
    expect(page.data).toHaveLength(1)
    expect(Object.keys(page.data[0]).sort()).toEqual(
      [
        ...[
          'created_at',
          'environment',
          'expires_at',
          'id',
          'is_active',
          'key_prefix',
          'last_used_at',
        ],
        ...['name', 'rate_limit', 'read_only', 'replaced_by', 'revoked_at', 'scopes', 'status'],
      ].sort(),
    )
    const next = `${portalKeys}?limit=1&cursor=${page.next_cursor}`
    expect((await app.request('GET', next, { as })).body.data[0].id).toBe(one.id)
    const active = (await app.request('GET', `${portalKeys}?status=active`, { as })).body.data
    expect(active.map(({ id }: { id: string }) => id)).toEqual([two.id])
  })

  it('rotate with an overlap, and are revoked and disabled at once; nothing enables them', async () => {
    const as = await portalSession(app, opener, { external_id: newCustomer() })
    const old = await makePortalKey(app, as)
    const rotated = await app.request('POST', `${portalKeys}/${old.id}/rotate`, {
      as,
      body: { overlap_seconds: 60 },
    })
    expect(rotated.status, rotated.text).toBe(201)
    const { id, key } = rotated.body.data
    expect([await use(old.key), await use(key)]).toEqual(['200', '200'])
    app.clock.skip(60_000)
    expect(await use(old.key)).toBe('401 expired_api_key')

    const disabled = await app.request('PATCH', `${portalKeys}/${id}`, {
      as,
      body: { is_active: false },
    })
    expect([disabled.status, disabled.body.data.status]).toEqual([200, 'disabled'])
    expect(await use(key)).toBe('401 disabled_api_key')
    for (const body of [
      { is_active: true },
      { name: 'X' },
      { metadata: {} },
      { is_active: null },
    ]) {
      expect(await outcome(app.request('PATCH', `${portalKeys}/${id}`, { as, body }))).toBe(
        '400 invalid_request',
      )
    }
    const again = app.request('POST', `${portalKeys}/${id}/rotate`, { as })
    expect(await outcome(again)).toBe('409 conflict')
    expect((await app.request('DELETE', `${portalKeys}/${id}`, { as })).status).toBe(200)
    expect(await use(key)).toBe('401 revoked_api_key')
    expect((await app.request('DELETE', `${portalKeys}/${id}`, { as })).status).toBe(200)
  })

  it('say how they are used', async () => {
    const as = await portalSession(app, opener, { external_id: newCustomer() })
    const { id } = await makePortalKey(app, as)
    const { status, body } = await app.request('GET', `${portalKeys}/${id}/usage`, { as })
    expect([status, body.data.total]).toEqual([200, 0])
  })

  it.each([
    ['beyond the scopes of the session', { scopes: ['contacts:write'] }, 'scopes.0'],
    ['with a wildcard', { scopes: ['contacts:*'] }, 'scopes.0'],
    ['with a reserved scope', { scopes: ['keys:manage'] }, 'scopes.0'],
    ['of another environment', { environment: 'test' }, 'environment'],
    ['of no environment', { environment: 'nowhere' }, 'environment'],
    ['that inherit', { scopes: null }, 'scopes'],
    ['with metadata', { metadata: {} }, 'metadata'],
    ['of another customer', { external_id: 'other' }, 'external_id'],
    ['with addresses', { allowed_ips: ['192.0.2.1'] }, 'allowed_ips'],
    ['with a rate limit', { rate_limit: null }, 'rate_limit'],
  ])('are not made %s', async (_, more, path) => {
    const as = await portalSession(app, opener, { external_id: newCustomer() })
    const body = { name: 'X', scopes: [], ...more }
    const answer = await app.request('POST', portalKeys, { as, body })
    const paths = answer.body.errors?.map((each: { path: string }) => each.path)
    expect([answer.status, paths]).toEqual([400, [path]])
  })

  it('live as long as the session lets them', async () => {
    const limits = { rate_limit: null, max_lifetime: 60 }
    const as = await portalSession(app, opener, { external_id: newCustomer(), limits })
    const later = new Date(app.clock.now() + 120_000).toISOString()
    for (const expires_at of [null, later]) {
      const body = { name: 'X', scopes: [], expires_at }
      const { status, body: answer } = await app.request('POST', portalKeys, { as, body })
      expect([status, answer.errors[0].path]).toEqual([400, 'expires_at'])
    }
    const { id } = await makePortalKey(app, as)
    const rotate = (expires_at: string | null) =>
      outcome(app.request('POST', `${portalKeys}/${id}/rotate`, { as, body: { expires_at } }))
    expect([await rotate(null), await rotate(later)]).toEqual(['403 forbidden', '403 forbidden'])
  })

  it('are as many as the session lets them, whoever made them, and also at the same time', async () => {
    const external_id = newCustomer()
    const as = await portalSession(app, opener, { external_id, max_keys: 3 })
    await makeKey(app, acme.owner.jwt, { external_id, scopes: [] })
    const body = { name: 'X', scopes: [] }
    const made = await Promise.all(
      [1, 2, 3, 4].map(() => outcome(app.request('POST', portalKeys, { as, body }))),
    )
    expect(made.sort()).toEqual(['201', '201', '403 forbidden', '403 forbidden'])
    const [{ id }] = (await app.request('GET', portalKeys, { as })).body.data
    // A rotation takes the place of the key.
    expect((await app.request('POST', `${portalKeys}/${id}/rotate`, { as })).status).toBe(201)
    expect(await outcome(app.request('POST', portalKeys, { as, body }))).toBe('403 forbidden')
    const [newest] = (await app.request('GET', portalKeys, { as })).body.data
    await app.request('DELETE', `${portalKeys}/${newest.id}`, { as })
    expect(await outcome(app.request('POST', portalKeys, { as, body }))).toBe('201')
  })

  it('share their limits', async () => {
    const limits = { rate_limit: { limit: 4, window_seconds: 3_600 } }
    const as = await portalSession(app, opener, { external_id: newCustomer(), limits })
    const keys = [await makePortalKey(app, as), await makePortalKey(app, as)]
    const rotated = await app.request('POST', `${portalKeys}/${keys[1]?.id}/rotate`, {
      as,
      body: { overlap_seconds: 60 },
    })
    const tokens = [...keys.map(({ key }) => key), rotated.body.data.key]
    const outcomes: string[] = []
    for (let at = 0; at < 6; at++) outcomes.push(await use(tokens[at % 3] ?? ''))
    expect(outcomes).toEqual(['200', '200', '200', '200', '429 rate_limited', '429 rate_limited'])
  })

  it.each([
    ['a scope beyond', { scopes: ['contacts:write'] }],
    ['what its creator may do', {}],
    ['another environment', { scopes: [], format: 'wacrm_test' }],
    ['no rate limit', { scopes: [] }],
    [
      'a looser rate limit',
      { scopes: [], rate_limit: { limit: 101, window_seconds: 60 }, limits_by: 'external_id' },
    ],
    ['limits of its own', { scopes: [], rate_limit: { limit: 1, window_seconds: 60 } }],
    ['a reserved scope', { scopes: ['keys:manage'], may_grant: {} }],
  ])('are read-only with %s', async (_, more) => {
    const external_id = newCustomer()
    const within = { limits_by: 'external_id', rate_limit: { limit: 1, window_seconds: 60 } }
    const body = Object.keys(more).some((field) => /rate|scopes/.test(field) && field !== 'scopes')
      ? more
      : { ...(JSON.stringify(more) === '{"scopes":[]}' ? {} : within), ...more }
    const { id, key } = await makeKey(app, acme.owner.jwt, { external_id, ...body })
    const as = await portalSession(app, opener, { external_id })
    const path = `${portalKeys}/${id}`
    const shown = await app.request('GET', path, { as })
    expect([shown.status, shown.body.data.read_only]).toEqual([200, true])
    const answers = [
      app.request('DELETE', path, { as }),
      app.request('PATCH', path, { as, body: { is_active: false } }),
      app.request('POST', `${path}/rotate`, { as }),
    ]
    for (const answer of answers) expect(await outcome(answer)).toBe('403 forbidden')
    expect(await use(key)).toBe('200')
  })

  it('made by the host within the bounds of the session can be changed', async () => {
    const external_id = newCustomer()
    const rate_limit = { limit: 100, window_seconds: 60 }
    const host = { external_id, scopes: ['contacts:read'], rate_limit, limits_by: 'external_id' }
    const { id, key } = await makeKey(app, acme.owner.jwt, {
      ...host,
      metadata: { secret: 'ours' },
    })
    const as = await portalSession(app, opener, { external_id })
    const shown = await app.request('GET', `${portalKeys}/${id}`, { as })
    expect(shown.body.data.read_only).toBe(false)
    expect(shown.text).not.toContain('ours')
    expect((await app.request('DELETE', `${portalKeys}/${id}`, { as })).status).toBe(200)
    expect(await use(key)).toBe('401 revoked_api_key')
  })
})

// Whose key it is: what each surface tells about a key, for each verdict (the contract's "What they learn").
import { beforeAll, describe, expect, it } from 'vitest'
import type { Principal } from '../../src/http/auth/principal.ts'
import { identityHeaders } from '../../src/http/gateway/identity-headers.ts'
import { type Account, type MadeKey, makeKey, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import { type Ask, createEchoApp, openSurfaces, type Surfaces } from '../support/surfaces.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let acme: Account
let own: Surfaces
let ofOthers: Surfaces

beforeAll(async () => {
  app = await createEchoApp()
  acme = await openAccount('Acme Inc')
  const globex = await openAccount('Globex')
  const serviceOf = async ({ owner }: Account) =>
    (await makeKey(app, owner.jwt, { scopes: ['keys:verify'] })).key
  own = openSurfaces(app, await serviceOf(acme))
  ofOthers = openSurfaces(app, await serviceOf(globex))
})

const customer = {
  name: 'CI',
  external_id: 'Müller & Söhne #42',
  metadata: { plan: 'gold', nested: [1, null, { ü: 0.5 }] },
}
/** `contacts:read` of one contact, the one that every question is about. */
const scopes = ['contacts:write', 'messages:*', 'contacts:read#7']
const ask: Ask = { scopes: ['contacts:read#7'] }

type Case = {
  key?: object
  ask?: Ask
  end?(made: MadeKey): Promise<unknown>
  /** Where the verdict differs, since the surface has no such question. */
  except?: string[]
}

const change = (method: string, { id }: MadeKey, body?: object) =>
  app.request(method, `/api/api-keys/${id}`, { as: acme.owner.jwt, ...(body && { body }) })
const spend = (more: Ask) => (made: MadeKey) => own.answering.verify(made.key, { ...ask, ...more })
const withoutIdempotency = [
  ...['introspection', 'gateway', 'me', 'forward auth for nginx'],
  ...['forward auth for Caddy and Traefik', 'forward auth for Envoy'],
]

const refusals: Record<string, Case> = {
  revoked_api_key: { end: (made) => change('DELETE', made) },
  disabled_api_key: { end: (made) => change('PATCH', made, { is_active: false }) },
  expired_api_key: { end: async () => app.clock.skip(60_000) },
  wrong_environment: { key: { format: 'wacrm_test' }, except: ['me'] },
  ip_not_allowed: { key: { allowed_ips: ['192.0.2.1'] } },
  insufficient_scope: { key: { scopes: ['contacts:write'] }, except: ['introspection', 'me'] },
  rate_limited: { key: { rate_limit: { limit: 1, window_seconds: 3_600 } }, end: spend({}) },
  credits_exhausted: { key: { credits: { remaining: 1 } }, end: spend({}) },
  conflict: {
    key: { credits: { remaining: 9 } },
    ask: { cost: 2, idempotencyKey: 'order-1' },
    end: spend({ cost: 1, idempotencyKey: 'order-1' }),
    except: withoutIdempotency,
  },
}

/** A key of the case, and what is known of it. */
async function made({ key = {}, end }: Case) {
  const expires_at = new Date(app.clock.now() + 30_000).toISOString()
  const body = { ...customer, scopes, expires_at, ...key }
  const one = await makeKey(app, acme.owner.jwt, body)
  await end?.(one)
  const format = 'format' in key ? String(key.format) : 'whm'
  const environment = format === 'wacrm_test' ? 'test' : 'live'
  const known = { id: one.id, ...customer, environment, format, expires_at }
  return { token: one.key, known }
}

const powers = {
  scopes: ['contacts:write', 'messages:send', 'messages:read'],
  resources: ['contacts:read#7'],
}

describe('a valid key', () => {
  it('tells its name, external id, metadata, environment, format and resources', async () => {
    const { token, known } = await made({})
    const account = { id: acme.id, name: 'Acme Inc' }
    for (const [surface, answer] of Object.entries(own.answering)) {
      const told = { key: known, account, ...powers }
      expect(await answer(token, ask), surface).toEqual({ code: 'valid', told, text: '' })
    }
    const limits = { rate_limit: null, credits: null }
    const passed = { ...known, account, ...powers, ...limits }
    const headers = {
      account: acme.id,
      'key-id': known.id,
      user: acme.owner.id,
      scopes: 'contacts:write messages:send messages:read',
      resources: 'contacts:read#7',
      'external-id': 'M%C3%BCller%20%26%20S%C3%B6hne%20%2342',
      environment: 'live',
    }
    const { metadata, format: _, ...shown } = known
    const { external_id, environment, expires_at } = known
    const expected: Record<keyof Surfaces['admitting'], unknown> = {
      'latchkey/hono over a binding': passed,
      'latchkey/hono over HTTP': passed,
      introspection: {
        ...{ active: true, scope: powers.scopes.join(' '), resources: powers.resources },
        ...{ key: known, account, external_id, metadata, environment },
        ...{ client_id: known.id, sub: acme.id, iss: 'http://localhost:8787' },
        ...{ exp: Math.floor(Date.parse(expires_at) / 1_000), token_type: 'Bearer' },
      },
      gateway: headers,
      'forward auth for nginx': headers,
      'forward auth for Caddy and Traefik': headers,
      'forward auth for Envoy': headers,
      me: { account, key: { ...shown, ...powers } },
    }
    for (const [surface, answer] of Object.entries(own.admitting)) {
      const { code, told, text } = await answer(token, ask)
      expect({ code, told }, surface).toEqual({
        ...{ code: 'valid', told: expected[surface as keyof typeof expected] },
      })
      const isWithMetadata = surface.startsWith('latchkey/') || surface === 'introspection'
      expect(text.includes('gold'), surface).toBe(isWithMetadata)
    }
  })

  it('without external id and metadata says null, and none in headers', async () => {
    const { key } = await makeKey(app, acme.owner.jwt, { scopes: ['contacts:read'] })
    for (const [surface, answer] of Object.entries(own.answering)) {
      const told = { key: { external_id: null, metadata: null }, resources: [] }
      expect(await answer(key, ask), surface).toMatchObject({ code: 'valid', told })
    }
    const { admitting } = own
    const inHeaders = { 'external-id': 'none', resources: 'none', environment: 'live' }
    for (const surface of ['gateway', 'forward auth for nginx', 'forward auth for Envoy'] as const)
      expect((await admitting[surface](key)).told, surface).toMatchObject(inHeaders)
    const me = await admitting.me(key)
    expect(me.told).toMatchObject({ key: { external_id: null, resources: [] } })
    const introspected = await admitting.introspection(key, {})
    expect(introspected.told).toMatchObject({ external_id: null, metadata: null, resources: [] })
  })
})

describe.each(Object.entries(refusals))('a key that is refused with %s', (code, each) => {
  it('is told whose it is to services of its account, and to nobody else', async () => {
    const { token, known } = await made(each)
    const question = { ...ask, ...each.ask }
    const isDecidedByScope = ['insufficient_scope', 'rate_limited', 'credits_exhausted', 'conflict']
    for (const [surface, answer] of Object.entries(own.answering)) {
      const { code: said, told } = await answer(token, question)
      const account = { id: acme.id, name: 'Acme Inc' }
      expect({ said, told }, surface).toMatchObject({ said: code, told: { key: known, account } })
      const listed = isDecidedByScope.includes(code)
        ? { scopes: expect.any(Array), resources: expect.any(Array) }
        : { scopes: null, resources: null }
      expect(told, surface).toMatchObject(listed)
    }
    for (const [surface, answer] of Object.entries(own.admitting)) {
      if (each.except?.includes(surface)) continue
      const { code: said, text } = await answer(token, question)
      // To RFC 7662 a token is active or not, and one that its limits refuse is active.
      const isInactive = surface === 'introspection' && !/limited|exhausted/.test(code)
      expect(said, surface).toBe(isInactive ? 'valid' : code)
      if (isInactive) expect(text).toBe('{"active":false}')
      for (const secret of ['gold', 'ller', known.id]) expect(text, surface).not.toContain(secret)
    }
  })

  it('is unknown to a service of another account', async () => {
    const { token } = await made(each)
    const question = { ...ask, ...each.ask }
    const nothing = { key: null, account: null, scopes: null, resources: null }
    for (const surface of ['verify', 'verify-batch'] as const) {
      const { code: said, told } = await ofOthers.answering[surface](token, question)
      expect({ said, told }, surface).toEqual({ said: 'invalid_api_key', told: nothing })
    }
    const { text } = await ofOthers.admitting.introspection(token, {})
    expect(text).toBe('{"active":false}')
  })
})

describe('external id and metadata', () => {
  it('that are changed show on the very next verification, in every isolate', async () => {
    const elsewhere = await createTestApp({ clock: app.clock })
    const service = (await makeKey(app, acme.owner.jwt, { scopes: ['keys:verify'] })).key
    const { verify } = openSurfaces(elsewhere, service).answering
    const { key, id } = await makeKey(app, acme.owner.jwt, { ...customer, scopes })
    const toldOf = async () => [
      (await own.answering.RPC(key, {})).told,
      (await verify(key, {})).told,
    ]
    for (const told of await toldOf()) expect(told).toMatchObject({ key: customer })
    for (const changed of [
      { external_id: 'customer-43' },
      { metadata: { plan: 'silver' } },
      { external_id: null, metadata: null },
    ]) {
      expect((await change('PATCH', { id } as MadeKey, changed)).status).toBe(200)
      for (const told of await toldOf()) expect(told).toMatchObject({ key: changed })
    }
    expect((await own.admitting.gateway(key)).told).toMatchObject({ 'external-id': 'none' })
  })

  it.each(['none', ' none ', '\ud800', 'a\udc00b', 'a\nb', 'a\u0000', '', ' '])(
    'refuses the external id %j wherever one is written',
    async (external_id) => {
      const as = acme.owner.jwt
      const { id } = await makeKey(app, as, { scopes: [] })
      const may_grant = { external_ids: [external_id] }
      for (const [method, path, body] of [
        ['POST', '', { name: 'x', external_id }],
        ['PATCH', `/${id}`, { external_id }],
        ['POST', '', { name: 'x', scopes: ['keys:manage'], may_grant }],
      ] as const) {
        const answer = await app.request(method, `/api/api-keys${path}`, { as, body })
        expect(`${answer.status} ${answer.body.code}`, path).toBe('400 invalid_request')
      }
      const keys = [{ digest: 'a'.repeat(64), format: 'whm', name: 'x', external_id }]
      const { text } = await app.request('POST', '/api/api-keys/import', { as, body: { keys } })
      expect(text).toMatch(/"external_id"|"code":"invalid_request"/)
    },
  )

  it('any external id is one visible word in a header, from which it is read back', () => {
    const ids = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 255 })
      .map((text) => text.toWellFormed().replace(/\p{Cc}/gu, ''))
    fc.assert(
      fc.property(ids, (externalId) => {
        fc.pre(externalId !== '')
        const key = { id: 'k', name: 'k', expiresAt: null, createdBy: null, externalId }
        const principal = { key: { ...key, environment: 'live' }, scopes: [], resources: [] }
        const headers = new Headers(identityHeaders(principal as unknown as Principal, 'r'))
        const sent = headers.get('x-latchkey-external-id') ?? ''
        expect(sent).toMatch(/^[!-~]+$/)
        expect(decodeURIComponent(sent)).toBe(externalId)
      }),
      { numRuns: 500 },
    )
  })
})

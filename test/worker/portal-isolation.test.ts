// Who may not come into a customer's portal, and what ends it: walked as other customers, other accounts, ended sessions and
// keys that no longer open them.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createDocument, operationsOf } from '../../src/http/openapi/document.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { deadD1 } from '../support/people-world.ts'
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
import { writeSuspension } from '../support/suspension.ts'
import { createTestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const watch = watchBindings()
const app = await createTestApp({ bindings: watch.bindings })
let acme: Account
let globex: Account
let opener: { id: string; key: string }

beforeAll(async () => {
  acme = await openAccount()
  globex = await openAccount('Globex')
  opener = await makeOpener(app, acme.owner.jwt)
})

const newCustomer = () => `customer-${crypto.randomUUID()}`
const list = (as: string) => outcome(app.request('GET', portalKeys, { as }))
const use = (key: string) => outcome(app.request('GET', '/api/v1/me', { as: key }))
const over = '401 invalid_token'

/** Every call about one key. */
const callsOn = (id: string, as: string) => [
  app.request('GET', `${portalKeys}/${id}`, { as }),
  app.request('GET', `${portalKeys}/${id}/usage`, { as }),
  app.request('PATCH', `${portalKeys}/${id}`, { as, body: { is_active: false } }),
  app.request('POST', `${portalKeys}/${id}/rotate`, { as }),
  app.request('DELETE', `${portalKeys}/${id}`, { as }),
]

/** Every row of keys and sessions, without what a request of a session renews. */
async function rows() {
  const tables = ['api_key', 'audit_event', 'pending_raise']
  const found = await env.DB.batch(tables.map((each) => env.DB.prepare(`SELECT * FROM ${each}`)))
  return JSON.stringify(found.map(({ results }) => results))
}

describe('the keys of a customer', () => {
  it.each([
    ['another customer', () => opener.key, newCustomer()],
    ['an id that begins the same', () => opener.key, 'customer-'],
  ])('do not exist for %s', async (_, key, external_id) => {
    const { id } = await makePortalKey(
      app,
      await portalSession(app, opener.key, { external_id: newCustomer() }),
    )
    const other = await portalSession(app, key(), { external_id })
    const before = await rows()
    for (const call of callsOn(id, other)) expect(await outcome(call)).toBe('404 not_found')
    const listed = await app.request('GET', portalKeys, { as: other })
    expect(listed.text).not.toContain(id)
    expect(await rows()).toBe(before)
  })

  it('do not exist for a customer of the same name in another account', async () => {
    const external_id = newCustomer()
    const { id } = await makePortalKey(app, await portalSession(app, opener.key, { external_id }))
    const theirs = await makeOpener(app, globex.owner.jwt)
    const other = await portalSession(app, theirs.key, { external_id })
    for (const call of callsOn(id, other)) expect(await outcome(call)).toBe('404 not_found')
    expect((await app.request('GET', portalKeys, { as: other })).body.data).toEqual([])
  })

  it('are those of the exact id: a composed letter is not a decomposed one', async () => {
    const [composed, decomposed] = [`${newCustomer()}é`.normalize('NFC'), '']
    const { id } = await makePortalKey(
      app,
      await portalSession(app, opener.key, { external_id: composed }),
    )
    const other = await portalSession(app, opener.key, {
      external_id: `${decomposed}${composed.normalize('NFD')}`,
    })
    for (const call of callsOn(id, other)) expect(await outcome(call)).toBe('404 not_found')
  })

  it('are left to a host who moves them to another customer', async () => {
    const as = await portalSession(app, opener.key, { external_id: newCustomer() })
    const { id, key } = await makePortalKey(app, as)
    const body = { external_id: newCustomer() }
    await app.request('PATCH', `/api/api-keys/${id}`, { as: acme.owner.jwt, body })
    for (const call of callsOn(id, as)) expect(await outcome(call)).toBe('404 not_found')
    expect(await use(key)).toBe('200')
  })

  it('never include the power of the key that opened the session, also where it has the same external id', async () => {
    const external_id = newCustomer()
    const own = await makeOpener(app, acme.owner.jwt, { external_id })
    const as = await portalSession(app, own.key, { external_id })
    const before = await rows()
    const shown = await app.request('GET', `${portalKeys}/${own.id}`, { as })
    expect([shown.body.data.read_only, shown.text.includes('may_grant')]).toEqual([true, false])
    for (const call of callsOn(own.id, as).slice(2))
      expect(await outcome(call)).toBe('403 forbidden')
    expect(await rows()).toBe(before)
    expect(await use(own.key)).toBe('200')
  })
})

describe('a session ends', () => {
  const open = async (body: Record<string, unknown> = {}, external_id = newCustomer()) => {
    const own = await makeOpener(app, acme.owner.jwt, body)
    const code = await portalCode(app, own.key, { external_id })
    const as = await portalSession(app, own.key, { external_id })
    expect(await list(as)).toBe('200')
    return { ...own, as, code, external_id }
  }
  const change = (id: string, body: object) =>
    app.request('PATCH', `/api/api-keys/${id}`, { as: acme.owner.jwt, body })

  it('with the revocation of the key that opened it, on the next request, and so does its code', async () => {
    const { id, as, code } = await open()
    await app.request('DELETE', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    for (const call of callsOn(crypto.randomUUID(), as)) expect(await outcome(call)).toBe(over)
    expect(await list((await exchangeCode(app, code)).body.data.token)).toBe(over)
  })

  it('while that key is disabled, or has expired', async () => {
    const { id, as } = await open()
    await change(id, { is_active: false })
    expect(await list(as)).toBe(over)
    const { as: other } = await open({
      expires_at: new Date(app.clock.now() + 60_000).toISOString(),
    })
    app.clock.skip(60_000)
    expect(await list(other)).toBe(over)
  })

  it.each([
    ['keys:portal', { scopes: [], may_grant: null }],
    ['its may_grant', { may_grant: null }],
    ['the external id', { may_grant: { external_ids: ['another'] } }],
    ['the rate limit', { may_grant: { rate_limit: { limit: 1, window_seconds: 60 } } }],
    ['every environment', { may_grant: { environments: ['test'] } }],
  ])('when that key loses %s', async (_, body) => {
    const { id, as } = await open()
    expect((await change(id, body)).status).toBe(200)
    expect(await list(as)).toBe(over)
  })

  it('when the person who granted that key is demoted', async () => {
    const account = await openAccount()
    const own = await makeOpener(app, account.owner.jwt)
    const as = await portalSession(app, own.key)
    expect(await list(as)).toBe('200')
    const demote = `UPDATE member SET role = ? WHERE user_id = ?`
    await env.DB.prepare(demote).bind('owner', account.admin.id).run()
    await env.DB.prepare(demote).bind('admin', account.owner.id).run()
    expect(await list(as)).toBe(over)
  })

  it('while its account is suspended, or closes', async () => {
    const account = await openAccount()
    const own = await makeOpener(app, account.owner.jwt)
    const as = await portalSession(app, own.key)
    await writeSuspension(account.id, Date.now())
    expect(await list(as)).toBe(over)
    await writeSuspension(account.id, null)
    expect(await list(as)).toBe('200')
    const closing = 'UPDATE organization SET closes_at = ? WHERE id = ?'
    await env.DB.prepare(closing)
      .bind(Date.now() + 1e9, account.id)
      .run()
    expect(await list(as)).toBe(over)
  })

  it('by revoking its external id, whoever does it, and no other', async () => {
    for (const by of ['owner', 'manager', 'bounded manager']) {
      const { as, code, external_id } = await open()
      const other = await open()
      const may_grant = by === 'manager' ? {} : { external_ids: [external_id] }
      const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'], may_grant })
      const { key } = await makePortalKey(app, as)
      const caller = by === 'owner' ? acme.owner.jwt : manager.key
      const revoked = await app.request('POST', '/api/api-keys/revoke', {
        as: caller,
        body: { external_id },
      })
      expect([revoked.status, revoked.body.data.revoked], by).toEqual([200, 1])
      expect([await list(as), await list(other.as), await use(key)]).toEqual([
        over,
        '200',
        '401 revoked_api_key',
      ])
      expect((await exchangeCode(app, code)).status).toBe(400)
    }
  })

  it('not by a managing key whose bounds leave the customer out, nor from another account', async () => {
    const { as, external_id } = await open()
    const may_grant = { external_ids: [newCustomer()] }
    const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'], may_grant })
    for (const caller of [manager.key, globex.owner.jwt]) {
      await app.request('POST', '/api/api-keys/revoke', { as: caller, body: { external_id } })
    }
    expect(await list(as)).toBe('200')
  })

  it('before a key is stored that it was about to make', async () => {
    const { as, external_id } = await open()
    // The session is read, then revoked, then the key is stored.
    let isRevoked = false
    const DB = new Proxy(env.DB, {
      get: (target, name) => {
        if (name !== 'withSession') return Reflect.get(target, name).bind(target)
        return (...args: [string]) => {
          const session = target.withSession(...args)
          return new Proxy(session, {
            get: (inner, method) => {
              if (method !== 'batch') return Reflect.get(inner, method).bind(inner)
              return async (statements: D1PreparedStatement[]) => {
                if (!isRevoked) {
                  isRevoked = true
                  await app.request('POST', '/api/api-keys/revoke', {
                    as: acme.owner.jwt,
                    body: { external_id },
                  })
                }
                return inner.batch(statements)
              }
            },
          })
        }
      },
    })
    const late = await createTestApp({ bindings: { DB }, clock: app.clock })
    const body = { name: 'Late', scopes: [] }
    const made = await late.request('POST', portalKeys, { as, body })
    expect([isRevoked, made.status, made.body.code]).toEqual([true, 401, 'invalid_token'])
    const { data } = (
      await app.request('GET', `/api/api-keys?external_id=${external_id}`, { as: acme.owner.jwt })
    ).body
    expect(data).toEqual([])
  })
})

describe('what the opener may no longer grant', () => {
  it('leaves the session with the rest', async () => {
    const external_id = newCustomer()
    const own = await makeOpener(app, acme.owner.jwt)
    const as = await portalSession(app, own.key, { external_id, environments: ['live', 'test'] })
    const { id } = await makePortalKey(app, as, { scopes: ['messages:read'] })
    const may_grant = { scopes: ['contacts:*'], environments: ['test'], max_lifetime: 60 }
    await app.request('PATCH', `/api/api-keys/${own.id}`, {
      as: acme.owner.jwt,
      body: { may_grant },
    })
    const { data } = (await app.request('GET', '/api/v1/portal/session', { as })).body
    expect(data.scopes.map(({ scope }: { scope: string }) => scope)).toEqual(['contacts:read'])
    expect([data.environments, data.limits.max_lifetime]).toEqual([['test'], 60])
    const create = (body: object) =>
      outcome(app.request('POST', portalKeys, { as, body: { name: 'X', ...body } }))
    expect(await create({ scopes: ['messages:read'] })).toBe('400 invalid_request')
    expect(await create({ scopes: [], environment: 'live' })).toBe('400 invalid_request')
    expect(await create({ scopes: ['contacts:read'] })).toBe('201')
    expect(await outcome(app.request('DELETE', `${portalKeys}/${id}`, { as }))).toBe(
      '403 forbidden',
    )
  })

  it('is nothing that the configuration no longer lists', async () => {
    const as = await portalSession(app, opener.key, { external_id: newCustomer() })
    const { 'messages:read': _, ...scopes } = config.scopes
    const isolate = createIsolate({ ...config, scopes } as typeof config, app.clock)
    const later = await createTestApp({ isolate, clock: app.clock })
    const body = { name: 'X', scopes: ['messages:read'] }
    expect(await outcome(later.request('POST', portalKeys, { as, body }))).toBe(
      '400 invalid_request',
    )
  })

  it('is counted together with what the opener makes itself', async () => {
    const own = await makeOpener(app, acme.owner.jwt, { may_grant: { max_keys: 1 } })
    const one = await portalSession(app, own.key, { external_id: newCustomer() })
    const other = await portalSession(app, own.key, { external_id: newCustomer() })
    await makePortalKey(app, one)
    const body = { name: 'X', scopes: [] }
    expect(await outcome(app.request('POST', portalKeys, { as: other, body }))).toBe(
      '403 forbidden',
    )
  })
})

describe('a session counts in the portal alone', () => {
  const document = createDocument(app.isolate, env.BASE_URL)
  const elsewhere = operationsOf(document).filter(
    ({ path, operation }) =>
      (operation.security ?? []).length > 0 &&
      !operation.security?.some((each) => Object.hasOwn(each, 'portalSession')) &&
      path !== '/api/v1/portal-sessions/never',
  )

  it.each(elsewhere.map(({ method, path }) => [`${method.toUpperCase()} ${path}`, method, path]))(
    'not at %s',
    async (_, method, path) => {
      const as = await portalSession(app, opener.key)
      const url = path
        .replace(/\{\w+\}/g, () => crypto.randomUUID())
        .replace(/^\/forward-auth\/(\w+)\/[0-9a-f-]{36}/, '/forward-auth/$1/crm')
      for (const headers of [{ authorization: `Bearer ${as}` }, { 'x-api-key': as }]) {
        const answer = await app.request(method.toUpperCase(), url, {
          headers: {
            ...headers,
            'cf-connecting-ip': `2001:db8:${Math.floor(Math.random() * 65_000).toString(16)}::1`,
          },
          ...(method !== 'get' && { body: {} }),
        })
        expect([401, 403], answer.text).toContain(answer.status)
      }
    },
  )

  it('not at the gateway, and nothing else counts in the portal', async () => {
    const as = await portalSession(app, opener.key)
    expect(await outcome(app.request('GET', '/api/contacts', { as }))).toBe('401 invalid_api_key')
    const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
    for (const other of [opener.key, manager.key, acme.owner.jwt, 'nonsense', as.slice(0, -1)]) {
      expect(await list(other)).toBe(over)
    }
    expect(await outcome(app.request('GET', portalKeys, { key: as }))).toBe(over)
    expect(await outcome(app.request('GET', portalKeys, { as, key: opener.key }))).toBe(over)
    expect(await outcome(app.request('GET', portalKeys))).toBe('401 missing_credential')
    const code = await portalCode(app, opener.key)
    expect(await list(code)).toBe(over)
  })
})

describe('a page of another origin', () => {
  it.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
  ])('may not act in the portal: %o', async (headers) => {
    const as = await portalSession(app, opener.key)
    const code = await portalCode(app, opener.key)
    expect(await outcome(app.request('GET', portalKeys, { as, headers }))).toBe('403 forbidden')
    const begin = app.request('POST', '/api/v1/portal/session', { body: { code }, headers })
    expect(await outcome(begin)).toBe('403 forbidden')
    expect((await exchangeCode(app, code)).status).toBe(201)
  })

  it('may where cors.origins lists it, and reads why it is refused', async () => {
    const cors = { origins: ['https://app.example.com'], maxAgeSeconds: 600 }
    const isolate = createIsolate({ ...config, cors } as typeof config, app.clock)
    const open = await createTestApp({ isolate, clock: app.clock })
    const as = await portalSession(app, opener.key)
    const headers = { origin: 'https://app.example.com' }
    const allowed = await open.request('GET', portalKeys, { as, headers })
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([
      200,
      headers.origin,
    ])
    expect(allowed.headers.has('access-control-allow-credentials')).toBe(false)
    const refused = await open.request('GET', portalKeys, { headers })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([
      401,
      headers.origin,
    ])
    for (const empty of [{}, { headers: { 'content-length': '0' }, body: '' }]) {
      const preflight = await open.request('OPTIONS', portalKeys, {
        ...empty,
        headers: {
          ...headers,
          ...empty.headers,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
      expect(preflight.status).toBe(204)
      expect(preflight.headers.get('access-control-allow-origin')).toBe(headers.origin)
    }
    const evil = { origin: 'https://evil.example' }
    const foreign = await open.request('GET', portalKeys, { as, headers: evil })
    expect([foreign.status, foreign.headers.has('access-control-allow-origin')]).toEqual([
      403,
      false,
    ])
  })
})

describe('a request of a customer', () => {
  it('costs one statement of D1 for the session where a managing key costs one, and one a minute to renew it', async () => {
    const external_id = newCustomer()
    const as = await portalSession(app, opener.key, { external_id })
    await makePortalKey(app, as)
    const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
    const statements = async (path: string, by: string) => {
      await app.request('GET', path, { as: by })
      watch.clear()
      await app.request('GET', path, { as: by })
      return watch.calls.filter(({ where }) => where.startsWith('D1.')).length
    }
    const managing = await statements(`/api/api-keys?external_id=${external_id}`, manager.key)
    expect(await statements(portalKeys, as)).toBe(managing)
    app.clock.skip(60_000)
    watch.clear()
    await app.request('GET', portalKeys, { as })
    expect(watch.calls.filter(({ where }) => where.startsWith('D1.'))).toHaveLength(managing + 1)
  })

  it('leaves the changes of the account to the others', async () => {
    const as = await portalSession(app, opener.key, { external_id: newCustomer() })
    const wrong = () =>
      outcome(app.request('POST', `${portalKeys}/${crypto.randomUUID()}/rotate`, { as }))
    const outcomes = await Promise.all(Array.from({ length: 90 }, wrong))
    expect(outcomes.filter((each) => each === '429 rate_limited').length).toBeGreaterThan(0)
    const other = await portalSession(app, opener.key, { external_id: newCustomer() })
    await makePortalKey(app, other)
  })

  it('is a 503 while D1 is down, never a 401', async () => {
    const as = await portalSession(app, opener.key)
    const down = await createTestApp({ bindings: { DB: deadD1 }, clock: app.clock })
    const answer = await down.request('GET', portalKeys, { as })
    expect([answer.status, answer.body.code]).toEqual([503, 'authority_unavailable'])
  })
})

it('a link is for one customer: its session says whose keys they are', async () => {
  const external_id = newCustomer()
  const opened = await openPortal(app, opener.key, { ...customerInput, external_id })
  const { token } = (await exchangeCode(app, codeOf(opened.body.data.url))).body.data
  const { data } = (await app.request('GET', '/api/v1/portal/session', { as: token })).body
  expect(data.external_id).toBe(external_id)
})

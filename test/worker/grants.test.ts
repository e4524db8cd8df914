// Permissions on keys: roles, and keys that manage keys.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, defineConfig } from '../../src/core/config.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, type MadeKey, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
let owner: string
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  owner = account.owner.jwt
})

/** Presents a JWT or a key as Bearer. */
const send = (method: string, path: string, as: string, body?: unknown) =>
  app.request(method, `/api/api-keys${path}`, { as, ...(body !== undefined && { body }) })
const scopesOf = async (id: string) => (await send('GET', `/${id}`, owner)).body.data.scopes
const statusOf = async (id: string) => (await send('GET', `/${id}`, owner)).body.data.status

describe('a member', () => {
  it('reads keys, events and scopes', async () => {
    const { id } = await makeKey(app, owner)
    const as = account.member.jwt
    for (const path of [
      '/api/api-keys',
      `/api/api-keys/${id}`,
      '/api/audit-events',
      '/api/scopes',
    ]) {
      expect(await outcome(app.request('GET', path, { as })), path).toBe('200')
    }
  })

  it('changes nothing', async () => {
    const { id, key } = await makeKey(app, owner)
    const as = account.member.jwt
    const before = await env.DB.prepare('SELECT count(*) AS n FROM api_key').first()
    expect(await outcome(send('POST', '', as, { name: 'Mine', scopes: [] }))).toBe('403 forbidden')
    expect(await outcome(send('PATCH', `/${id}`, as, { name: 'Mine' }))).toBe('403 forbidden')
    expect(await outcome(send('POST', `/${id}/rotate`, as, {}))).toBe('403 forbidden')
    expect(await outcome(send('POST', '/revoke', as, { ids: [id] }))).toBe('403 forbidden')
    expect(await outcome(send('DELETE', `/${id}`, as))).toBe('403 forbidden')
    expect(await env.DB.prepare('SELECT count(*) AS n FROM api_key').first()).toEqual(before)
    expect(await outcome(app.request('GET', '/api/contacts', { key }))).toBe('200')
  })

  it('is refused before the key or the body is checked', async () => {
    const as = account.member.jwt
    expect(await outcome(send('PATCH', `/${crypto.randomUUID()}`, as, { nonsense: 1 }))).toBe(
      '403 forbidden',
    )
  })
})

describe('the reserved scopes', () => {
  it.each(['keys:manage', 'keys:verify'])(
    '%s can be granted by an owner, not by an admin',
    async (scope) => {
      const admin = account.admin.jwt
      const made = await makeKey(app, owner, { scopes: [scope] })
      expect(made.scopes).toEqual([scope])
      expect(await outcome(send('POST', '', admin, { name: 'x', scopes: [scope] }))).toBe(
        '403 forbidden',
      )
      const plain = await makeKey(app, admin, { scopes: ['contacts:read'] })
      const change = { scopes: ['contacts:read', scope] }
      expect(await outcome(send('PATCH', `/${plain.id}`, admin, change))).toBe('403 forbidden')
      expect(await scopesOf(plain.id)).toEqual(['contacts:read'])
      expect(await outcome(send('PATCH', `/${plain.id}`, owner, change))).toBe('200')
      expect(await scopesOf(plain.id)).toEqual(change.scopes)
    },
  )

  it('can be removed by an admin, and not kept beside a grant', async () => {
    const admin = account.admin.jwt
    const { id } = await makeKey(app, owner, { scopes: ['keys:verify'] })
    const more = { scopes: ['keys:verify', 'contacts:read'] }
    // With one more scope it is a grant, of all scopes together.
    expect(await outcome(send('PATCH', `/${id}`, admin, more))).toBe('403 forbidden')
    expect(await outcome(send('PATCH', `/${id}`, admin, { name: 'Kept' }))).toBe('200')
    expect(await outcome(send('PATCH', `/${id}`, admin, { scopes: [] }))).toBe('200')
    expect(await outcome(send('PATCH', `/${id}`, admin, more))).toBe('403 forbidden')
  })

  it('cannot be obtained by an admin through rotation', async () => {
    const { id, key } = await makeKey(app, owner, { scopes: ['keys:manage'] })
    expect(await outcome(send('POST', `/${id}/rotate`, account.admin.jwt, {}))).toBe(
      '403 forbidden',
    )
    expect(await outcome(app.request('GET', '/api/api-keys', { key }))).toBe('200')
    expect(await outcome(send('POST', `/${id}/rotate`, owner, {}))).toBe('201')
  })

  it('are never inherited, not even from an owner', async () => {
    const { key } = await makeKey(app, owner)
    for (const path of ['/api/api-keys', '/api/audit-events', '/api/scopes']) {
      expect(await outcome(app.request('GET', path, { key })), path).toBe('403 insufficient_scope')
    }
  })
})

describe('a key that manages keys', () => {
  let manager: MadeKey
  beforeAll(async () => {
    manager = await makeKey(app, owner, {
      scopes: ['keys:manage', 'contacts:read', 'messages:read'],
      may_grant: { scopes: ['contacts:read', 'messages:read'] },
    })
  })

  it('lists, reads, changes, revokes and reads the audit trail, with the key as the actor', async () => {
    const as = manager.key
    const made = await makeKey(app, as, { scopes: ['contacts:read'] })
    expect(await outcome(send('GET', '', as))).toBe('200')
    expect(await outcome(send('PATCH', `/${made.id}`, as, { name: 'Renamed' }))).toBe('200')
    expect(await outcome(send('DELETE', `/${made.id}`, as))).toBe('200')
    const events = await app.request('GET', `/api/audit-events?key_id=${made.id}`, { as })
    expect(events.body.data).toHaveLength(3)
    for (const { actor } of events.body.data) {
      expect(actor).toMatchObject({ kind: 'key', id: manager.id })
    }
    const shown = await send('GET', `/${made.id}`, as)
    expect(shown.body.data).toMatchObject({ created_by: account.owner.id, revoked_by: manager.id })
  })

  it.each<[string, unknown]>([
    ['a scope that it lacks', ['messages:send']],
    ['a scope that it lacks beside one that it holds', ['contacts:read', 'messages:send']],
    ['keys:manage, which it holds', ['keys:manage']],
    ['keys:verify', ['keys:verify']],
    ['what its creator inherits', null],
    ['what its creator inherits, by saying nothing', undefined],
  ])('cannot grant %s', async (_, scopes) => {
    const answer = await send('POST', '', manager.key, { name: 'More', scopes })
    expect([answer.status, answer.body.code], answer.text).toEqual([403, 'forbidden'])
    const plain = await makeKey(app, owner, { scopes: [] })
    if (scopes === undefined) return
    expect(await outcome(send('PATCH', `/${plain.id}`, manager.key, { scopes }))).toBe(
      '403 forbidden',
    )
    expect(await scopesOf(plain.id)).toEqual([])
  })

  it('gets insufficient_scope in WWW-Authenticate when its scopes do not suffice', async () => {
    const answer = await send('POST', '', manager.key, { name: 'More', scopes: ['messages:send'] })
    const challenge = answer.headers.get('www-authenticate')
    expect(challenge).toMatch(/^Bearer .*error="insufficient_scope"/)
  })

  it('neither reads nor changes a key beyond its bounds, but disables and revokes it', async () => {
    const as = manager.key
    const { id, key } = await makeKey(app, owner, { scopes: ['messages:send', 'contacts:read'] })
    const patch = (change: object) => outcome(send('PATCH', `/${id}`, as, change))
    expect(await outcome(send('GET', `/${id}`, as))).toBe('404 not_found')
    expect(await patch({ scopes: ['contacts:read'] })).toBe('404 not_found')
    expect(await patch({ name: 'x', is_active: false })).toBe('404 not_found')
    expect(await outcome(send('POST', `/${id}/rotate`, as, {}))).toBe('404 not_found')
    const many = await send('POST', '/revoke', as, { ids: [id] })
    expect(many.body.data).toEqual({ revoked: 0, missing: [id] })
    expect(await outcome(app.request('GET', '/api/v1/me', { key }))).toBe('200')
    expect(await patch({})).toBe('404 not_found')
    const disabled = await send('PATCH', `/${id}`, as, { is_active: false })
    expect([disabled.status, disabled.body.data]).toEqual([200, { id, is_active: false }])
    expect(await outcome(app.request('GET', '/api/v1/me', { key }))).toBe('401 disabled_api_key')
    expect(await patch({ is_active: true })).toBe('404 not_found')
    expect(await outcome(send('DELETE', `/${id}`, as))).toBe('200')
    expect(await statusOf(id)).toBe('revoked')
  })

  it('changes no key with reserved scopes but itself', async () => {
    for (const scopes of [['keys:manage'], ['keys:verify', 'contacts:read']]) {
      const { id } = await makeKey(app, owner, { scopes })
      for (const [method, path, body] of [
        ['DELETE', `/${id}`, undefined],
        ['PATCH', `/${id}`, { is_active: false }],
      ] as const) {
        expect(await outcome(send(method, path, manager.key, body))).toBe('403 forbidden')
      }
      const many = await send('POST', '/revoke', manager.key, { ids: [id] })
      expect(many.body.data).toEqual({ revoked: 0, missing: [id] })
      expect(await statusOf(id)).toBe('active')
    }
  })

  it('rotates keys within its bounds, and itself unchanged', async () => {
    const weaker = await makeKey(app, owner, { scopes: ['contacts:read'] })
    expect(await outcome(send('POST', `/${weaker.id}/rotate`, manager.key, {}))).toBe('201')
    const may_grant = { scopes: ['contacts:read'], max_lifetime: 60 }
    const own = await makeKey(app, owner, { scopes: ['keys:manage'], may_grant })
    const rotated = await send('POST', `/${own.id}/rotate`, own.key, {})
    expect(rotated.status, rotated.text).toBe(201)
    expect(rotated.body.data).toMatchObject({ scopes: ['keys:manage'], may_grant, made_by: own.id })
  })

  it('cannot extend its own scopes', async () => {
    for (const scopes of [null, ['keys:manage', 'messages:send'], ['keys:manage', 'keys:verify']]) {
      expect(await outcome(send('PATCH', `/${manager.id}`, manager.key, { scopes }))).toBe(
        '403 forbidden',
      )
    }
    expect(await scopesOf(manager.id)).toEqual(['keys:manage', 'contacts:read', 'messages:read'])
  })

  it('has no access to other accounts', async () => {
    const other = await openAccount('Globex')
    const theirs = await makeKey(app, other.owner.jwt)
    for (const [method, path, body] of [
      ['GET', `/${theirs.id}`, undefined],
      ['PATCH', `/${theirs.id}`, { name: 'x' }],
      ['DELETE', `/${theirs.id}`, undefined],
      ['POST', `/${theirs.id}/rotate`, {}],
    ] as const) {
      expect(await outcome(send(method, path, manager.key, body))).toBe('404 not_found')
    }
    const many = await send('POST', '/revoke', manager.key, { ids: [theirs.id] })
    expect(many.body.data).toEqual({ revoked: 0, missing: [theirs.id] })
  })

  it('is refused with the missing scope once keys:manage is removed', async () => {
    const { id, key } = await makeKey(app, owner, { scopes: ['keys:manage', 'contacts:read'] })
    await send('PATCH', `/${id}`, owner, { scopes: ['contacts:read'] })
    const answer = await send('GET', '', key)
    expect([answer.status, answer.body.code]).toEqual([403, 'insufficient_scope'])
    expect(answer.headers.get('www-authenticate')).toContain('scope="keys:manage"')
  })

  it('requires keys:manage, whatever other scopes it has', async () => {
    const scopes = ['contacts:read', 'contacts:write', 'webhooks:manage', 'keys:verify']
    const { key, id } = await makeKey(app, owner, { scopes })
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '', { name: 'x', scopes: [] }],
      ['PATCH', `/${id}`, { name: 'x' }],
      ['DELETE', `/${id}`, undefined],
      ['POST', `/${id}/rotate`, {}],
      ['POST', '/revoke', { ids: [id] }],
    ] as const) {
      expect(await outcome(send(method, path, key, body))).toBe('403 insufficient_scope')
    }
    expect(await statusOf(id)).toBe('active')
  })
})

describe('a key never acts as a person', () => {
  // Sign-in is limited by address.
  const anyAddress = () => `2001:db8:${crypto.randomUUID().slice(9, 13)}::1`

  it.each([
    ['GET', '/api/auth/token'],
    ['GET', '/api/auth/get-session'],
    ['POST', '/api/auth/sign-in/email'],
    ['GET', '/api/auth/organization/list'],
    ['GET', '/api/auth/organization/get-full-organization'],
    ['POST', '/api/auth/organization/invite-member'],
    ['POST', '/api/auth/organization/update-member-role'],
    ['GET', '/api/auth/list-sessions'],
    ['POST', '/api/auth/update-user'],
    ['POST', '/api/auth/sign-up/email'],
    ['POST', '/api/auth/organization/create'],
  ])('by %s %s', async (method, path) => {
    const keys = [
      await makeKey(app, owner),
      await makeKey(app, owner, { scopes: ['keys:manage', 'keys:verify'] }),
    ]
    const body = {
      email: `${account.owner.id}@example.test`,
      password: 'x',
      role: 'owner',
      name: 'x',
      slug: 'x',
    }
    for (const { key } of keys) {
      for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }] as Record<
        string,
        string
      >[]) {
        const answer = await app.request(method, path, {
          headers: { ...headers, origin: env.BASE_URL, 'cf-connecting-ip': anyAddress() },
          ...(method === 'POST' && { body }),
        })
        // Better Auth answers a request without a session with 200 and `null`.
        if (answer.status === 200)
          expect([path, answer.text]).toEqual(['/api/auth/get-session', 'null'])
        else expect([400, 401, 403, 404], answer.text).toContain(answer.status)
        expect(answer.headers.get('set-cookie')).toBeNull()
        expect(answer.text).not.toMatch(/eyJ/)
      }
    }
    const { n } = (await env.DB.prepare('SELECT count(*) AS n FROM session').first<{
      n: number
    }>()) ?? { n: -1 }
    expect(n).toBe(0)
  })
})

describe('an admin with every scope by name but not full access', () => {
  it('cannot get full access through a key that inherits from an owner', async () => {
    const seven = Object.keys(config.scopes).filter((scope) => !/^(keys|platform):/.test(scope))
    const { defaultFormat: _format, leaseMs: _lease, scopes, ...rest } = config
    const named = Object.fromEntries(seven.map((scope) => [scope, scopes[scope] as string]))
    const roles = { ...config.roles, admin: { scopes: seven } }
    const narrow = defineConfig({ ...rest, scopes: named, roles } as ConfigInput<Env>)
    const clock = createSkippingClock()
    app = await createTestApp({ clock, isolate: createIsolate(narrow, clock) })
    const inheriting = await makeKey(app, owner)
    const scoped = await makeKey(app, owner, { scopes: ['contacts:read'] })
    expect(await outcome(send('GET', `/${inheriting.id}`, account.admin.jwt))).toBe('200')
    expect(await outcome(send('POST', `/${inheriting.id}/rotate`, account.admin.jwt, {}))).toBe(
      '403 forbidden',
    )
    expect(await outcome(send('PATCH', `/${scoped.id}`, account.admin.jwt, { scopes: null }))).toBe(
      '403 forbidden',
    )
  })
})

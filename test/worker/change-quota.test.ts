// Changes a minute of an account: counted after the rights and before the change, by a meter of the account; reads
// ask none, and the platform has no limit.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { onlyRemoves } from '../../src/http/routing/method.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { down } from '../support/outage.ts'
import { invite, newAccount, origin, signIn } from '../support/people-world.ts'
import { markPlatform } from '../support/permission-matrix.ts'
import { makeOpener, makePortalKey, portalSession } from '../support/portal.ts'
import { setQuotas } from '../support/quotas.ts'
import { createTestApp, jwtFor } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const watch = watchBindings()
const app = await createTestApp({ bindings: watch.bindings })
const platform = await openAccount('Platform')
await markPlatform(platform.id)
const full = '429 quota_exceeded'
const keys = '/api/api-keys'
const body = { name: 'A key', scopes: [] }
/** So many that a window that was full admits the next one within a millisecond. */
const raised = 1_000_000

beforeEach(() => watch.clear())

async function accountOf(changes_per_minute: number): Promise<Account> {
  const account = await openAccount()
  await setQuotas(account.id, { changes_per_minute })
  return account
}

const create = (as: string, at = app) => outcome(at.request('POST', keys, { as, body }))
const takes = () => watch.calls.filter(({ where }) => where === 'METER.take')
const keysOf = async ({ id }: Account) =>
  env.DB.prepare('SELECT count(*) AS n FROM api_key WHERE account_id = ?').bind(id).first('n')

describe('a change', () => {
  it('over the quota is refused until a time that it names, before it is executed', async () => {
    const account = await accountOf(2)
    const { owner, admin } = account
    expect([await create(owner.jwt), await create(admin.jwt)]).toEqual(['201', '201'])
    const refused = await app.request('POST', keys, { as: owner.jwt, body })
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      429,
      'quota_exceeded',
      'The account has reached its quota of 2 changes a minute. The owners of the platform can raise it.',
    ])
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(30)
    expect(await keysOf(account)).toBe(2)
    // Its body is not looked at, nor is what it would change.
    const invalid = app.request('POST', keys, { as: owner.jwt, body: { name: 7 } })
    expect(await outcome(invalid)).toBe(full)
    const unknown = app.request('PATCH', `${keys}/${crypto.randomUUID()}`, { as: owner.jwt, body })
    expect(await outcome(unknown)).toBe(full)
    // Of none, nothing passes, also by a meter that has counted nothing.
    const none = await accountOf(0)
    expect(await create(none.owner.jwt)).toBe(full)
    // Raised, it passes, and another account was never concerned.
    await setQuotas(account.id, { changes_per_minute: raised })
    expect(await create(owner.jwt)).toBe('201')
    expect(await create((await accountOf(1)).owner.jwt)).toBe('201')
  })

  it('with an Idempotency-Key that was refused is executed once it is admitted', async () => {
    const account = await accountOf(1)
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const send = () => app.request('POST', keys, { as: account.owner.jwt, body, headers })
    expect(await create(account.owner.jwt)).toBe('201')
    expect(await outcome(send())).toBe(full)
    await setQuotas(account.id, { changes_per_minute: raised })
    expect((await send()).status).toBe(201)
  })

  it('is counted by whoever makes it and whatever it changes, once by the meter of the account', async () => {
    const account = await openAccount(`Acme ${crypto.randomUUID()}`)
    const { owner, id } = account
    const manager = await makeKey(app, owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
    const plain = await makeKey(app, owner.jwt)
    const url = 'https://example.com/'
    const hook = await app.request('POST', '/api/webhook-endpoints', {
      as: owner.jwt,
      body: { url },
    })
    const changes: [string, string, string, unknown?][] = [
      [manager.key, 'POST', keys, body],
      [owner.jwt, 'POST', keys, body],
      [owner.jwt, 'PATCH', `${keys}/${plain.id}`, { name: 'B' }],
      [owner.jwt, 'POST', `${keys}/import`, { keys: [{}] }],
      [owner.jwt, 'POST', `${keys}/${plain.id}/rotate`, {}],
      [owner.jwt, 'PATCH', `/api/webhook-endpoints/${hook.body.data.id}`, { description: 'B' }],
      [owner.jwt, 'POST', '/api/account/deletion', { name: account.name }],
      [owner.jwt, 'DELETE', '/api/account/deletion'],
    ]
    for (const [as, method, path, body] of changes) {
      watch.clear()
      const answer = await app.request(method, path, { as, ...(body !== undefined && { body }) })
      expect([method, path, answer.status < 300]).toEqual([method, path, true])
      expect(takes().map(({ what }) => JSON.parse(what)[0])).toEqual([`changes/${id}`])
    }
  })

  it('of a limited key takes from the limits of the key too, whose windows the refusal shows', async () => {
    const { owner, id } = await accountOf(600)
    const rate_limit = { limit: 100, window_seconds: 3_600 }
    const { key } = await makeKey(app, owner.jwt, {
      scopes: ['keys:manage'],
      may_grant: {},
      rate_limit,
    })
    watch.clear()
    expect(await create(key)).toBe('201')
    expect(takes().length).toBe(2)
    // A quota without a time to wait hides no window.
    await setQuotas(id, { keys: 1 })
    const refused = await app.request('POST', keys, { as: key, body })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null])
    expect(refused.headers.get('ratelimit')).toMatch(/^"default";r=9\d;t=\d+$/)
  })
})

describe('the quota of changes', () => {
  it('is not used up by reads, by who may not change, or by who is nobody', async () => {
    const account = await accountOf(1)
    const { owner, member } = account
    const { id, key } = await makeKey(app, owner.jwt)
    const reads = [keys, `${keys}/${id}`, `${keys}/summary`, '/api/account', '/api/audit-events']
    watch.clear()
    for (const path of reads) {
      expect([path, await outcome(app.request('GET', path, { as: owner.jwt }))]).toEqual([
        path,
        '200',
      ])
    }
    for (const [path, question] of [
      [`${keys}/lookup`, { key }],
      [`${keys}/explain`, { id }],
    ] as const) {
      const answer = await app.request('POST', path, { as: owner.jwt, body: question })
      expect([path, answer.status]).not.toEqual([path, 429])
    }
    expect(await create(member.jwt)).toBe('403 forbidden')
    expect(await create('no-token')).toMatch(/^401/)
    expect(await create(key)).toBe('403 insufficient_scope')
    const unproved = await jwtFor(owner.id, account.id, 1)
    const deletion = { as: unproved, body: { name: account.name } }
    const unprovedDeletion = app.request('POST', '/api/account/deletion', deletion)
    expect(await outcome(unprovedDeletion)).toBe('403 step_up_required')
    expect(takes()).toEqual([])
  })

  it('holds up no revocation: not when it is used up, nor while its meter is down', async () => {
    const account = await openAccount()
    const as = account.owner.jwt
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => makeKey(app, as)))
    const without = await createTestApp({ bindings: down(['METER']) })
    await setQuotas(account.id, { changes_per_minute: 0 })
    watch.clear()
    expect(await outcome(app.request('DELETE', `${keys}/${one?.id}`, { as }))).toBe('200')
    const many = app.request('POST', `${keys}/revoke`, { as, body: { ids: [two?.id] } })
    expect(await outcome(many)).toBe('200')
    expect(await outcome(without.request('DELETE', `${keys}/${three?.id}`, { as }))).toBe('200')
    expect(takes()).toEqual([])
    for (const made of [one, two, three]) {
      expect(await outcome(app.request('GET', '/api/v1/me', { as: made?.key ?? '' }))).toBe(
        '401 revoked_api_key',
      )
    }
    // Nothing else passes by such a path.
    expect(await outcome(app.request('POST', `${keys}/${one?.id}/rotate`, { as }))).toBe(full)
  })

  it('lets no other operation pass uncounted as a removal', async () => {
    const { paths } = (await app.request('GET', '/openapi.json')).body
    const uncounted = Object.entries<object>(paths).flatMap(([path, methods]) => {
      const asked = path.replaceAll(/\{\w+\}/g, crypto.randomUUID())
      return Object.keys(methods)
        .map((method) => method.toUpperCase())
        .filter((method) => onlyRemoves({ method, path: asked }))
        .map((method) => `${method} ${path}`)
    })
    expect(uncounted.sort()).toEqual([
      'DELETE /api/api-keys/{id}',
      'DELETE /api/v1/portal/keys/{id}',
      'DELETE /api/webhook-endpoints/{id}',
      'POST /api/api-keys/revoke',
      'POST /api/auth/organization/cancel-invitation',
      'POST /api/auth/organization/leave',
      'POST /api/auth/organization/remove-member',
    ])
  })

  it('holds up no revocation by a customer in the portal', async () => {
    const account = await openAccount()
    const opener = await makeOpener(app, account.owner.jwt)
    const as = await portalSession(app, opener.key)
    const own = '/api/v1/portal/keys'
    const [one, two] = [await makePortalKey(app, as), await makePortalKey(app, as)]
    const without = await createTestApp({ bindings: down(['METER']) })
    await setQuotas(account.id, { changes_per_minute: 0 })
    expect(await outcome(app.request('DELETE', `${own}/${one.id}`, { as }))).toBe('200')
    expect(await outcome(without.request('DELETE', `${own}/${two.id}`, { as }))).toBe('200')
    const rest = { as, body: { is_active: false } }
    expect(await outcome(app.request('PATCH', `${own}/${one.id}`, rest))).toBe(full)
  })

  it('is none for the platform', async () => {
    const { owner, id } = platform
    await setQuotas(id, { changes_per_minute: 1 })
    expect([await create(owner.jwt), await create(owner.jwt)]).toEqual(['201', '201'])
    expect(takes()).toEqual([])
  })

  it.each(['throws', 'hangs'] as const)(
    'admits nothing while its meter %s, which is no refusal: 503; reads go on',
    async (failure) => {
      const account = await openAccount()
      const without = await createTestApp({ bindings: down(['METER'], failure) })
      const as = account.owner.jwt
      expect(await create(as, without)).toBe('503 authority_unavailable')
      expect(await outcome(without.request('GET', keys, { as }))).toBe('200')
      expect(await keysOf(account)).toBe(0)
    },
  )
})

describe('a change of an account or its members by an endpoint of Better Auth', () => {
  async function people(changes_per_minute: number) {
    const { id, people } = await newAccount('owner', 'member')
    await setQuotas(id, { changes_per_minute })
    const [owner = '', member = ''] = await Promise.all(people.map(({ email }) => signIn(email)))
    return { id, owner, member, memberId: people[1]?.memberId ?? '' }
  }

  const call = (cookie: string, path: string, body: unknown, at = app) => {
    const headers = { cookie, origin, 'cf-connecting-ip': '192.0.2.1' }
    return at.request('POST', `/api/auth/organization/${path}`, { body, headers })
  }
  const endpoints = '/api/webhook-endpoints'
  async function addEndpoint(cookie: string): Promise<string> {
    const body = { url: 'https://hooks.example.test/latchkey', events: ['key.revoked'] }
    const added = await app.request('POST', endpoints, { body, headers: { cookie, origin } })
    expect(added.status).toBe(201)
    return added.body.data.id
  }
  const rename = (cookie: string, organizationId: string, at = app) =>
    outcome(call(cookie, 'update', { organizationId, data: { name: crypto.randomUUID() } }, at))

  it('counts with the others, and is refused like them', async () => {
    const { id, owner, memberId } = await people(2)
    expect(await rename(owner, id)).toBe('200')
    expect(await outcome(call(owner, 'update-member-role', { memberId, role: 'admin' }))).toBe(
      '200',
    )
    const invitation = { email: `${crypto.randomUUID()}@example.test`, role: 'member' }
    const refused = await call(owner, 'invite-member', invitation)
    expect([refused.status, refused.body.code]).toEqual([429, 'quota_exceeded'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    for (const [path, body] of [
      ['update-member-role', { memberId, role: 'member' }],
      ['update', { organizationId: id, data: { name: 'B' } }],
    ] as const) {
      const answer = await call(owner, path, body)
      expect([path, answer.status]).toEqual([path, 429])
    }
    expect(takes().every(({ what }) => JSON.parse(what)[0] === `changes/${id}`)).toBe(true)
    // Keys of the same account meet the same meter.
    const created = app.request('POST', keys, { body, headers: { cookie: owner, origin } })
    expect(await outcome(created)).toBe(full)
  })

  it('takes powers away uncounted: also where the quota is used up, and while its meter is down', async () => {
    const { id, owner, memberId } = await people(600)
    const pending = await invite(owner, `${crypto.randomUUID()}@example.test`)
    const [endpoint, other] = await Promise.all([addEndpoint(owner), addEndpoint(owner)])
    const without = await createTestApp({ bindings: down(['METER']) })
    await setQuotas(id, { changes_per_minute: 0 })
    watch.clear()
    const remove = (endpointId: string, at = app) =>
      outcome(
        at.request('DELETE', `${endpoints}/${endpointId}`, { headers: { cookie: owner, origin } }),
      )
    expect([await remove(endpoint), await remove(other, without)]).toEqual(['200', '200'])
    const cancelled = call(owner, 'cancel-invitation', { invitationId: pending }, without)
    expect(await outcome(cancelled)).toBe('200')
    expect(await outcome(call(owner, 'remove-member', { memberIdOrEmail: memberId }))).toBe('200')
    const account = await people(0)
    const left = call(account.member, 'leave', { organizationId: account.id }, without)
    expect(await outcome(left)).toBe('200')
    expect(takes()).toEqual([])
  })

  it('that a member may not make uses up nothing, nor does what only reads', async () => {
    const { id, owner, member } = await people(1)
    watch.clear()
    expect(await rename(member, id)).toBe('403 forbidden')
    expect((await call(owner, 'has-permission', { permissions: {} })).status).toBeLessThan(500)
    expect((await call(owner, 'set-active', { organizationId: id })).status).toBe(200)
    expect(takes()).toEqual([])
    expect(await rename(owner, id)).toBe('200')
  })

  it('is 503 while the meter does not answer', async () => {
    const { id, owner } = await people(10)
    const without = await createTestApp({ bindings: down(['METER']) })
    expect(await rename(owner, id, without)).toBe('503 authority_unavailable')
  })
})

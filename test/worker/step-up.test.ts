// Step-up: what a session or JWT does only within ten minutes of proving its person.
import { env } from 'cloudflare:workers'
import { hashPassword } from 'better-auth/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { cookieOf, fromOwnPage, givePassword, markPlatform } from '../support/permission-matrix.ts'
import {
  addPerson,
  createTestApp,
  jwtFor,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

const password = 'correct horse battery'
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000
const challenge = 'Bearer realm="latchkey", error="insufficient_user_authentication", max_age="600"'

let app: TestApp
let account: Account
let hash: string
beforeAll(async () => {
  app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
  await markPlatform((await openAccount('Platform')).id)
  account = await openAccount()
  hash = await hashPassword(password)
  for (const person of [account.owner, account.admin, account.member]) {
    await givePassword(person, hash)
  }
})

type Credential = Record<string, string>
type Request = { method: string; path: string; body?: object }

const bySession = async (person: TestPerson, provedAt: number | null): Promise<Credential> => ({
  cookie: await cookieOf(person, account.id, provedAt),
  ...fromOwnPage,
})
const byJwt = async (person: TestPerson, provedAt: number | null): Promise<Credential> => ({
  authorization: `Bearer ${await jwtFor(person.id, account.id, provedAt)}`,
})
const send = ({ method, path, body }: Request, headers: Credential) =>
  app.request(method, path, { headers, ...(body !== undefined && { body }) })
const stepUp = (headers: Credential, body: object = { password }) =>
  app.request('POST', '/api/auth/step-up', { headers, body })

const manages = { scopes: ['keys:manage'], may_grant: {} }
const made = async (body: object) => (await makeKey(app, account.owner.jwt, { ...body })).id
const key = (method: string, id: string, body?: object, more = ''): Request => ({
  method,
  path: `/api/api-keys/${id}${more}`,
  ...(body !== undefined && { body }),
})
const invite = (role: string | string[], more: object = {}): Request => ({
  method: 'POST',
  path: '/api/auth/organization/invite-member',
  body: { email: `${crypto.randomUUID()}@example.test`, role, ...more },
})
const giveRole = async (role: string): Promise<Request> => ({
  method: 'POST',
  path: '/api/auth/organization/update-member-role',
  body: { memberId: (await addPerson(account.id, 'member')).memberId, role },
})

type Act = { of: 'keys' | 'people'; request: () => Promise<Request> | Request }

/** What only an owner does after step-up. People: by session only. */
const guarded: Record<string, Act> = {
  'creating a key that manages keys': {
    of: 'keys',
    request: () => ({ method: 'POST', path: '/api/api-keys', body: { name: 'X', ...manages } }),
  },
  'creating a key that verifies keys': {
    of: 'keys',
    request: () => ({
      method: 'POST',
      path: '/api/api-keys',
      body: { name: 'X', scopes: ['contacts:read', 'keys:verify'] },
    }),
  },
  'giving a key a reserved scope': {
    of: 'keys',
    request: async () => key('PATCH', await made({ scopes: [] }), { scopes: ['keys:verify'] }),
  },
  'setting may_grant': {
    of: 'keys',
    request: async () =>
      key('PATCH', await made({ scopes: ['keys:manage'] }), { may_grant: { max_keys: 1 } }),
  },
  'loosening may_grant': {
    of: 'keys',
    request: async () =>
      key('PATCH', await made({ ...manages, may_grant: { max_keys: 1 } }), { may_grant: {} }),
  },
  'extending a key with a reserved scope': {
    of: 'keys',
    request: async () =>
      key('PATCH', await made({ ...manages, expires_at: later(60) }), { expires_at: later(600) }),
  },
  'adding a scope to a key with a reserved one': {
    of: 'keys',
    request: async () =>
      key('PATCH', await made({ scopes: ['keys:verify'] }), {
        scopes: ['keys:verify', 'contacts:read'],
      }),
  },
  'rotating a key with a reserved scope': {
    of: 'keys',
    request: async () => key('POST', await made(manages), {}, '/rotate'),
  },
  'enabling a key with a reserved scope': {
    of: 'keys',
    async request() {
      const id = await made(manages)
      await app.request('PATCH', `/api/api-keys/${id}`, {
        as: account.owner.jwt,
        body: { is_active: false },
      })
      return key('PATCH', id, { is_active: true })
    },
  },
  'adding credits to a key with a reserved scope': {
    of: 'keys',
    request: async () =>
      key('POST', await made({ ...manages, credits: { remaining: 1 } }), { add: 1 }, '/credits'),
  },
  import: {
    of: 'keys',
    request: () => ({ method: 'POST', path: '/api/api-keys/import', body: { keys: [{}] } }),
  },
  'export of the account': {
    of: 'keys',
    request: () => ({ method: 'GET', path: '/api/account/export' }),
  },
  'deletion of the account': {
    of: 'keys',
    request: () => ({
      method: 'POST',
      path: '/api/account/deletion',
      body: { name: account.name },
    }),
  },
  'inviting an owner': { of: 'people', request: () => invite('owner') },
  'inviting an admin': { of: 'people', request: () => invite('admin') },
  'inviting a member who is an admin too': {
    of: 'people',
    request: () => invite(['member', ' admin']),
  },
  'inviting an admin in the place of an earlier invitation': {
    of: 'people',
    async request() {
      const first = invite('member')
      await send(first, await bySession(account.owner, Date.now()))
      return { ...first, body: { ...first.body, role: 'admin' } }
    },
  },
  'renewing the invitation of an admin': {
    of: 'people',
    async request() {
      const first = invite('admin')
      await send(first, await bySession(account.owner, Date.now()))
      return { ...first, body: { ...first.body, role: 'member', resend: true } }
    },
  },
  'making an owner': { of: 'people', request: () => giveRole('owner') },
  'making an admin': { of: 'people', request: () => giveRole('admin') },
}

const later = (seconds: number) => new Date(app.clock.now() + seconds * 1_000).toISOString()

/** All that a request could change, but for counts of requests. */
async function everything(): Promise<string> {
  const tables = ['api_key', 'audit_event', 'invitation', 'member', 'organization', 'sequence']
  const rows = await env.DB.batch(tables.map((name) => env.DB.prepare(`SELECT * FROM ${name}`)))
  return JSON.stringify(rows.map(({ results }) => results))
}

const done = /^20[01]$/

describe('by an owner whose session is', () => {
  it.each(Object.entries(guarded))('stale, %s waits for step-up', async (_, { request }) => {
    const sent = await request()
    const stale = await bySession(account.owner, minutesAgo(11))
    const before = await everything()
    const refused = await send(sent, stale)
    expect([refused.status, refused.body.code]).toEqual([403, 'step_up_required'])
    expect(refused.body.detail).toContain('POST /api/auth/step-up')
    expect(refused.headers.has('www-authenticate')).toBe(false)
    expect(await everything()).toBe(before)
    expect(await outcome(stepUp(stale))).toBe('200')
    expect(await outcome(send(sent, stale))).toMatch(done)
    await reopen()
  })

  it.each(Object.entries(guarded))('fresh, %s succeeds', async (_, { request }) => {
    const fresh = await bySession(account.owner, minutesAgo(9))
    expect(await outcome(send(await request(), fresh))).toMatch(done)
    await reopen()
  })

  it('never proved, as those of before are, none of it succeeds', async () => {
    const unproved = await bySession(account.owner, null)
    for (const [name, { request }] of Object.entries(guarded)) {
      expect([name, await outcome(send(await request(), unproved))]).toEqual([
        name,
        '403 step_up_required',
      ])
    }
  })
})

async function reopen() {
  await app.request('DELETE', '/api/account/deletion', { as: account.owner.jwt })
}

const ofKeys = Object.entries(guarded).filter(([, { of }]) => of === 'keys')

describe('by an owner whose JWT is of a sign-in', () => {
  it.each(ofKeys)('of eleven minutes ago, %s is refused', async (_, { request }) => {
    const sent = await request()
    const before = await everything()
    for (const provedAt of [minutesAgo(11), null, minutesAgo(-2)]) {
      const refused = await send(sent, await byJwt(account.owner, provedAt))
      expect([refused.status, refused.body.code]).toEqual([403, 'step_up_required'])
      expect(refused.body.detail).toContain('auth_time')
      expect(refused.headers.get('www-authenticate')).toBe(challenge)
    }
    expect(await everything()).toBe(before)
  })

  it.each(ofKeys)('of nine minutes ago, %s succeeds', async (_, { request }) => {
    const headers = await byJwt(account.owner, minutesAgo(9))
    expect(await outcome(send(await request(), headers))).toMatch(done)
    await reopen()
  })
})

describe('a person without the right', () => {
  it.each(Object.entries(guarded))('gets no step-up for %s', async (_, { request }) => {
    const sent = await request()
    for (const provedAt of [minutesAgo(11), Date.now()]) {
      const headers = await bySession(account.member, provedAt)
      expect(await outcome(send(sent, headers))).toBe('403 forbidden')
    }
  })

  it('nor does an admin for what only owners do', async () => {
    const admin = await bySession(account.admin, minutesAgo(11))
    for (const [name, { request }] of Object.entries(guarded)) {
      const isOfAdmins = name.endsWith(' admin') || /admin too|earlier|renewing/.test(name)
      expect([name, await outcome(send(await request(), admin))]).toEqual([
        name,
        isOfAdmins ? '403 step_up_required' : '403 forbidden',
      ])
    }
  })
})

describe('what tightens, and what is of no great power, needs no step-up:', () => {
  const free: Record<string, () => Promise<Request> | Request> = {
    'creating a key': () => ({
      method: 'POST',
      path: '/api/api-keys',
      body: { name: 'X', scopes: ['contacts:read'] },
    }),
    'creating a key that inherits': () => ({
      method: 'POST',
      path: '/api/api-keys',
      body: { name: 'X' },
    }),
    'loosening a key': async () =>
      key('PATCH', await made({ scopes: [] }), { scopes: ['contacts:read'], metadata: { a: 1 } }),
    'rotating a key': async () => key('POST', await made({ scopes: [] }), {}, '/rotate'),
    'taking a reserved scope away': async () =>
      key('PATCH', await made({ scopes: ['keys:verify'] }), { scopes: [] }),
    'limiting a key with a reserved scope': async () =>
      key('PATCH', await made(manages), { expires_at: later(60), allowed_ips: ['192.0.2.1'] }),
    'renaming a key with a reserved scope': async () =>
      key('PATCH', await made(manages), { name: 'Y' }),
    'disabling a key with a reserved scope': async () =>
      key('PATCH', await made(manages), { is_active: false }),
    'revoking a key with a reserved scope': async () => key('DELETE', await made(manages)),
    'revoking many': async () => ({
      method: 'POST',
      path: '/api/api-keys/revoke',
      body: { ids: [await made(manages)] },
    }),
    'cancelling a deletion': () => ({ method: 'DELETE', path: '/api/account/deletion' }),
    'inviting a member': () => invite('member'),
    'making a member': () => giveRole('member'),
    'removing a member': async () => ({
      method: 'POST',
      path: '/api/auth/organization/remove-member',
      body: { memberIdOrEmail: (await addPerson(account.id, 'member')).memberId },
    }),
    'changing the password, which takes it': () => ({
      method: 'POST',
      path: '/api/auth/change-password',
      body: { currentPassword: password, newPassword: password },
    }),
  }

  it.each(Object.entries(free))('%s', async (_, request) => {
    const headers = await bySession(account.owner, null)
    expect(await outcome(send(await request(), headers))).toMatch(done)
  })
})

// People: the first owner, sessions, invitations, roles that are looked up, and an account's last owner.
import { env } from 'cloudflare:workers'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { personOfJwt } from '../../src/identity/jwt.ts'
import { isFromTrustedOrigin } from '../../src/identity/origins.ts'
import { personOfSession } from '../../src/identity/session.ts'
import {
  bindings,
  deadD1,
  invite,
  joins,
  jwtOf,
  newAccount,
  notified,
  origin,
  outcome,
  password,
  pending,
  personOf,
  send,
  settings,
  signIn,
  silentD1,
  statuses,
} from '../support/people-world.ts'

const freshEmail = () => `${crypto.randomUUID()}@example.test`
const count = async (table: string, where: string, ...values: string[]) =>
  (
    await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)
      .bind(...values)
      .first<{ n: number }>()
  )?.n

describe('the first owner', () => {
  const setup = (fields: object = {}) =>
    send('/api/setup', {
      body: {
        setup_token: env.SETUP_TOKEN,
        account: 'Acme Inc',
        name: 'Ada',
        email: 'ADA@acme.test',
        password,
        ...fields,
      },
    })

  beforeEach(async () => {
    // Accounts are deleted as a whole: a sole owner cannot leave.
    const statements = [
      'DELETE FROM platform',
      'UPDATE organization SET closes_at = 1',
      'INSERT OR IGNORE INTO deleted_account (account_id, deleted_at) SELECT id, 1 FROM organization',
      'DELETE FROM organization',
      'DELETE FROM setup_lock',
      `DELETE FROM user WHERE email = 'ada@acme.test'`,
    ]
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))
  })

  it('is created once by four concurrent requests', async () => {
    expect(await (await send('/api/setup')).json()).toMatchObject({ data: { needed: true } })
    const answers = await Promise.all([1, 2, 3, 4].map(() => setup()))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    expect(await (await send('/api/setup')).json()).toMatchObject({ data: { needed: false } })
    expect(await personOf(await signIn('ada@acme.test'))).toMatchObject({ role: 'owner' })
  })

  it('requires the set-up token', async () => {
    expect(await outcome(await setup({ setup_token: 'wrong' }))).toBe('403 forbidden')
    expect(await outcome(await setup({ setup_token: '' }))).toBe('403 forbidden')
  })

  it('is refused where there are members already', async () => {
    await newAccount('owner')
    expect(await (await send('/api/setup')).json()).toMatchObject({ data: { needed: false } })
    expect(await outcome(await setup())).toBe('409 conflict')
  })

  it('needs a password of ten characters and names the invalid field', async () => {
    const response = await setup({ password: 'short', email: 'nobody' })
    expect(response.status).toBe(400)
    const { errors } = await response.json<{ errors: { path: string }[] }>()
    expect(errors.map(({ path }) => path).sort()).toEqual(['email', 'password'])
  })
})

describe('signing in', () => {
  it('is the only way in: public sign-up is closed', async () => {
    const body = { email: freshEmail(), password, name: 'Eve' }
    expect(await outcome(await send('/api/auth/sign-up/email', { body }))).toBe('403 forbidden')
    expect(await count('user', 'email = ?', body.email)).toBe(0)
  })

  it('creates a session that ends with sign-out, even for a copied cookie', async () => {
    const { id, people } = await newAccount('owner')
    const [owner] = people
    const cookie = await signIn(owner?.email ?? '')
    expect(await personOf(cookie)).toEqual({
      ...{ kind: 'person', requiresFactor: false, lacksFactor: false },
      userId: owner?.userId,
      accountId: id,
      accountName: `Account ${id}`,
      role: 'owner',
      standing: { isPlatform: false, isSuspended: false, changesPerMinute: 600 },
      provedAt: expect.any(Number),
    })
    expect((await send('/api/auth/sign-out', { cookie, body: {} })).status).toBe(200)
    expect(await personOf(cookie)).toEqual({ kind: 'none' })
  })

  it('refuses a wrong password and an unknown address alike, as problem+json', async () => {
    const { people } = await newAccount('owner')
    const wrong = { email: people[0]?.email, password: 'not the password' }
    const unknown = { email: freshEmail(), password }
    const answers = await Promise.all(
      [wrong, unknown].map((body) => send('/api/auth/sign-in/email', { body })),
    )
    for (const answer of answers) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    const bodies = await Promise.all(answers.map((answer) => answer.json<object>()))
    const [first, second] = bodies.map((body) => ({ ...body, request_id: undefined }))
    expect(first).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(second).toEqual(first)
  })

  it('opens the account in which the person is owner, and lets them switch', async () => {
    const ours = await newAccount('member')
    const theirs = await newAccount()
    const otherAccount = await newAccount('owner')
    const [person] = ours.people
    await joins(person?.userId ?? '', theirs.id, 'owner')
    const cookie = await signIn(person?.email ?? '')
    expect(await personOf(cookie)).toMatchObject({ accountId: theirs.id, role: 'owner' })
    const switchTo = (organizationId: string) =>
      send('/api/auth/organization/set-active', { cookie, body: { organizationId } })
    expect((await switchTo(ours.id)).status).toBe(200)
    expect(await personOf(cookie)).toMatchObject({ accountId: ours.id, role: 'member' })
    expect(await outcome(await switchTo(otherAccount.id))).toBe('404 not_found')
  })

  it('is throttled by address, with Retry-After', async () => {
    const headers = { 'cf-connecting-ip': '198.51.100.7' }
    const attempt = () =>
      send('/api/auth/sign-in/email', {
        headers,
        env: { ...bindings, SIGN_IN_PER_MINUTE: undefined } as unknown as Env,
        body: { email: freshEmail(), password: 'a wild guess' },
      })
    for (let tries = 0; tries < 10; tries++) expect((await attempt()).status).toBe(401)
    const refused = await attempt()
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await outcome(refused)).toBe('429 rate_limited')
    const { people } = await newAccount('owner')
    await signIn(people[0]?.email ?? '')
  })

  it('returns the session only for the cookie, never for a key', async () => {
    const { people } = await newAccount('owner')
    const key = 'whm_0123456789abcdef0123456789abcdef'
    const cookie = await signIn(people[0]?.email ?? '')
    const jwt = await jwtOf(cookie)
    for (const headers of [
      { 'x-api-key': key },
      { authorization: `Bearer ${key}` },
      { authorization: `Bearer ${jwt}` },
    ]) {
      const session = await send('/api/auth/get-session', { headers })
      expect(await session.json()).toBeNull()
      expect(await outcome(await send('/api/auth/token', { headers }))).toBe(
        '401 missing_credential',
      )
      const asSession = { cookie: `better-auth.session_token=${key}` }
      expect(await outcome(await send('/api/auth/token', asSession))).toBe('401 invalid_token')
      expect((await send('/api/auth/jwks', { cookie, headers })).status).toBe(200)
      // Nor is the session beside a key: a credential that is bad falls back to nothing.
      const both = { cookie, headers }
      for (const path of ['token', 'get-session', 'update-user']) {
        const body = path === 'update-user' && { body: { name: 'Mallory' } }
        const answer = await send(`/api/auth/${path}`, { ...both, ...body })
        expect([path, await outcome(answer)]).toEqual([path, '403 forbidden'])
      }
      expect(await personOfSession(new Headers(headers), settings)).toEqual({ kind: 'none' })
    }
  })

  it('refuses the cookie from a foreign origin', async () => {
    const { people } = await newAccount('owner')
    const cookie = await signIn(people[0]?.email ?? '')
    for (const foreign of ['https://evil.example', 'http://localhost:3000', 'null', '']) {
      const answer = await send('/api/auth/sign-out', {
        cookie,
        body: {},
        headers: { origin: foreign },
      })
      expect(await outcome(answer)).toBe('403 forbidden')
    }
    expect(await personOf(cookie)).toMatchObject({ kind: 'person' })
    const headers = { origin: 'http://127.0.0.1:8787' }
    expect((await send('/api/auth/sign-out', { cookie, body: {}, headers })).status).toBe(200)
  })
})

it('trusts the pages of BASE_URL and of its local twin only', () => {
  const from = (value?: string) => new Headers(value === undefined ? {} : { origin: value })
  expect(isFromTrustedOrigin(from(origin), origin)).toBe(true)
  expect(isFromTrustedOrigin(from('http://127.0.0.1:8787'), origin)).toBe(true)
  expect(isFromTrustedOrigin(from('http://127.0.0.1:8787'), 'https://keys.example')).toBe(false)
  expect(isFromTrustedOrigin(from('https://keys.example.evil'), 'https://keys.example')).toBe(false)
  expect(isFromTrustedOrigin(from(), origin)).toBe(false)
})

describe('an invitation', () => {
  const accept = (id: string) =>
    send(`/api/invitations/${id}/accept`, { body: { name: 'Bob', password } })

  const inviting = async () => {
    const account = await newAccount('owner')
    return { ...account, cookie: await signIn(account.people[0]?.email ?? '') }
  }

  it('creates a user and a member with its role, once', async () => {
    const { id: accountId, cookie } = await inviting()
    const email = freshEmail()
    const id = await invite(cookie, email.toUpperCase(), 'admin')
    expect(await (await send(`/api/invitations/${id}`)).json()).toEqual({
      status: 'success',
      data: {
        email,
        account: `Account ${accountId}`,
        role: 'admin',
        status: 'pending',
        mailed: false,
      },
    })
    expect((await accept(id)).status).toBe(201)
    expect(await personOf(await signIn(email))).toMatchObject({ accountId, role: 'admin' })
    expect(await outcome(await accept(id))).toBe('409 conflict')
    expect(await (await send(`/api/invitations/${id}`)).json()).toMatchObject({
      data: { status: 'accepted' },
    })
  })

  it('is accepted once by four concurrent requests', async () => {
    const { cookie } = await inviting()
    const email = freshEmail()
    const id = await invite(cookie, email)
    const answers = await Promise.all([1, 2, 3, 4].map(() => accept(id)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    expect(await count('member', 'user_id = (SELECT id FROM user WHERE email = ?)', email)).toBe(1)
  })

  it('creates one user when the same address accepts two of them concurrently', async () => {
    const [first, second] = [await inviting(), await inviting()]
    const email = freshEmail()
    const ids = [await invite(first.cookie, email), await invite(second.cookie, email)]
    const answers = await Promise.all(ids.map(accept))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(await count('invitation', `email = ? AND status = 'pending'`, email)).toBe(1)
  })

  it('has no effect when it was cancelled or has expired', async () => {
    const { cookie } = await inviting()
    const [cancelled, expired] = [freshEmail(), freshEmail()]
    const cancelledId = await invite(cookie, cancelled)
    const body = { invitationId: cancelledId }
    await send('/api/auth/organization/cancel-invitation', { cookie, body })
    const expiredId = await invite(cookie, expired)
    await env.DB.prepare('UPDATE invitation SET expires_at = ? WHERE id = ?')
      .bind(Date.now() - 1, expiredId)
      .run()
    expect(await outcome(await accept(cancelledId))).toBe('409 conflict')
    expect(await outcome(await accept(expiredId))).toBe('409 conflict')
    expect(await count('user', 'email IN (?, ?)', cancelled, expired)).toBe(0)
    const view = await (await send(`/api/invitations/${expiredId}`)).json()
    expect(view).toMatchObject({ data: { status: 'expired' } })
  })

  it('is unknown under any other id', async () => {
    for (const id of [crypto.randomUUID(), 'nonsense', '1%27%20OR%201=1']) {
      expect(await outcome(await send(`/api/invitations/${id}`))).toBe('404 not_found')
      expect(await outcome(await accept(id))).toBe('404 not_found')
    }
  })

  it('is accepted by an existing user only after signing in as that user', async () => {
    const { id: accountId, cookie } = await inviting()
    const other = await newAccount('owner', 'member')
    const [boss, invited] = other.people
    const id = await invite(cookie, invited?.email ?? '')
    expect(await outcome(await accept(id))).toBe('409 conflict')
    const acceptAs = async (email = '') =>
      send('/api/auth/organization/accept-invitation', {
        cookie: await signIn(email),
        body: { invitationId: id },
      })
    expect(await outcome(await acceptAs(boss?.email))).toBe('404 not_found')
    const [one, two] = await Promise.all([acceptAs(invited?.email), acceptAs(invited?.email)])
    expect([one.status, two.status].filter((status) => status === 200)).toHaveLength(1)
    expect(notified).toContain(accountId)
    const member = 'user_id = ? AND organization_id = ?'
    expect(await count('member', member, invited?.userId ?? '', accountId)).toBe(1)
  })

  it('can be made by owners and admins only, and owners only by owners', async () => {
    const { people } = await newAccount('owner', 'admin', 'member')
    const cookies = await Promise.all(people.map(({ email }) => signIn(email)))
    const inviteAs = async (cookie: string | undefined, role: string) =>
      outcome(
        await send('/api/auth/organization/invite-member', {
          cookie: cookie ?? '',
          body: { email: freshEmail(), role },
        }),
      )
    expect(await inviteAs(cookies[2], 'member')).toBe('403 forbidden')
    expect(await inviteAs(cookies[1], 'owner')).toBe('403 forbidden')
    expect(await inviteAs(cookies[1], 'member,owner')).toBe('403 forbidden')
    expect(await inviteAs(cookies[1], 'admin')).toBe('200')
    expect(await inviteAs(cookies[0], 'owner')).toBe('200')
    expect(await inviteAs(cookies[0], 'emperor')).toBe('400 invalid_request')
  })
})

describe('a role', () => {
  const update = (cookie: string, memberId: string, role: string) =>
    send('/api/auth/organization/update-member-role', { cookie, body: { memberId, role } })
  const remove = (cookie: string, memberIdOrEmail: string) =>
    send('/api/auth/organization/remove-member', { cookie, body: { memberIdOrEmail } })
  const leave = (cookie: string, organizationId: string) =>
    send('/api/auth/organization/leave', { cookie, body: { organizationId } })
  const actorOf = (userId: string) =>
    env.DB.prepare(
      'SELECT action, actor_id FROM audit_event WHERE subject_id = ? ORDER BY created_at DESC, rowid DESC LIMIT 1',
    )
      .bind(userId)
      .first<{ action: string; actor_id: string | null }>()

  it('that a region has not applied yet is answered with 202 and the region, not with 200', async () => {
    const { people } = await newAccount('owner', 'admin')
    const [owner, admin] = people
    const cookie = await signIn(owner?.email ?? '')
    pending.regions = ['weur']
    try {
      const answer = await update(cookie, admin?.memberId ?? '', 'member')
      expect(answer.status).toBe(202)
      const body = await answer.json()
      expect(body).toMatchObject({ role: 'member', pending_regions: ['weur'] })
    } finally {
      pending.regions = []
    }
  })

  it('takes effect at once, by session, by JWT and for the keys of the account', async () => {
    const { id, people } = await newAccount('owner', 'admin')
    const [owner, admin] = people
    const [ownerCookie, cookie] = [
      await signIn(owner?.email ?? ''),
      await signIn(admin?.email ?? ''),
    ]
    const jwt = await jwtOf(cookie)
    expect(await personOfJwt(jwt, settings)).toMatchObject({ kind: 'person', role: 'admin' })
    const before = notified.length
    expect((await update(ownerCookie, admin?.memberId ?? '', 'member')).status).toBe(200)
    expect(notified.slice(before)).toEqual([id])
    expect(await personOf(cookie)).toMatchObject({ accountId: id, role: 'member' })
    expect(await personOfJwt(jwt, settings)).toMatchObject({ accountId: id, role: 'member' })
    expect(await actorOf(admin?.userId ?? '')).toEqual({
      action: 'member.role_changed',
      actor_id: owner?.userId,
    })
    expect(await count('member_intent', 'member_id = ?', admin?.memberId ?? '')).toBe(0)
  })

  it('is stored as one, the highest of a list', async () => {
    const { people } = await newAccount('owner', 'member')
    const [owner, other] = people
    await update(await signIn(owner?.email ?? ''), other?.memberId ?? '', 'member,admin')
    const where = `id = ? AND role = 'admin'`
    expect(await count('member', where, other?.memberId ?? '')).toBe(1)
  })

  it('ends with the membership, by session and by JWT', async () => {
    const { id, people } = await newAccount('owner', 'admin')
    const [owner, admin] = people
    const cookie = await signIn(admin?.email ?? '')
    const jwt = await jwtOf(cookie)
    const before = notified.length
    const answer = await remove(await signIn(owner?.email ?? ''), admin?.email ?? '')
    expect(answer.status).toBe(200)
    expect(notified.slice(before)).toEqual([id])
    expect(await personOf(cookie)).toEqual({ kind: 'none' })
    // With the session, which ends with the membership.
    expect(await personOfJwt(jwt, settings)).toEqual({ kind: 'invalid_token' })
    expect(await outcome(await send('/api/auth/token', { cookie }))).toBe('401 invalid_token')
    expect(await actorOf(admin?.userId ?? '')).toEqual({
      action: 'member.removed',
      actor_id: owner?.userId,
    })
  })

  it('is given up by leaving', async () => {
    const { id, people } = await newAccount('owner', 'member')
    const cookie = await signIn(people[1]?.email ?? '')
    const before = notified.length
    expect((await leave(cookie, id)).status).toBe(200)
    expect(notified.slice(before)).toEqual([id])
    expect(await personOf(cookie)).toEqual({ kind: 'no_account' })
    const userId = people[1]?.userId
    expect(await actorOf(userId ?? '')).toEqual({ action: 'member.removed', actor_id: userId })
  })

  it('of the last owner is protected from demotion, removal and leaving', async () => {
    const { id, people } = await newAccount('owner', 'admin')
    const [owner, admin] = people
    const ownerCookie = await signIn(owner?.email ?? '')
    const adminCookie = await signIn(admin?.email ?? '')
    const ownerId = owner?.memberId ?? ''
    expect(await outcome(await update(ownerCookie, ownerId, 'admin'))).toBe('409 conflict')
    expect(await outcome(await remove(ownerCookie, ownerId))).toBe('409 conflict')
    expect(await outcome(await leave(ownerCookie, id))).toBe('409 conflict')
    expect(await outcome(await update(adminCookie, ownerId, 'member'))).toBe('403 forbidden')
    expect(await outcome(await remove(adminCookie, ownerId))).toBe('409 conflict')
    expect(await personOf(ownerCookie)).toMatchObject({ role: 'owner' })
    expect(await count('member_intent', 'member_id = ?', ownerId)).toBe(0)
  })

  it('of the last owner is protected when two owners leave concurrently', async () => {
    const ways = [
      (cookie: string, _: string, id: string) => leave(cookie, id),
      (cookie: string, other: string) => update(cookie, other, 'member'),
      (cookie: string, other: string) => remove(cookie, other),
    ]
    for (const go of ways) {
      const { id, people } = await newAccount('owner', 'owner')
      const [a, b] = people
      const cookies = [await signIn(a?.email ?? ''), await signIn(b?.email ?? '')]
      const answers = await Promise.all([
        go(cookies[0] ?? '', b?.memberId ?? '', id),
        go(cookies[1] ?? '', a?.memberId ?? '', id),
      ])
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(await count('member', `organization_id = ? AND role = 'owner'`, id)).toBe(1)
    }
  })

  it('of another account is out of reach', async () => {
    const ours = await newAccount('owner')
    const theirs = await newAccount('owner', 'member')
    const cookie = await signIn(ours.people[0]?.email ?? '')
    const memberId = theirs.people[1]?.memberId ?? ''
    const unknown = crypto.randomUUID()
    for (const id of [memberId, theirs.people[0]?.memberId ?? '', unknown]) {
      expect(await outcome(await update(cookie, id, 'admin'))).toBe('404 not_found')
      expect(await outcome(await remove(cookie, id))).toBe('404 not_found')
    }
    const email = theirs.people[0]?.email ?? ''
    expect(await outcome(await remove(cookie, email))).toBe('404 not_found')
    expect(await outcome(await leave(cookie, theirs.id))).toBe('404 not_found')
    const body = { memberId, role: 'admin', organizationId: theirs.id }
    expect(
      await outcome(await send('/api/auth/organization/update-member-role', { cookie, body })),
    ).toBe('404 not_found')
    expect(await count('member', `id = ? AND role = 'member'`, memberId)).toBe(1)
  })
})

it('notifies of an account that its owner renames', async () => {
  const { id, people } = await newAccount('owner', 'member')
  const rename = async (email = '') =>
    send('/api/auth/organization/update', {
      cookie: await signIn(email),
      body: { data: { name: 'Renamed' } },
    })
  expect(await outcome(await rename(people[1]?.email))).toBe('403 forbidden')
  const before = notified.length
  expect((await rename(people[0]?.email)).status).toBe(200)
  expect(notified.slice(before)).toEqual([id])
  expect(await count('organization', `id = ? AND name = 'Renamed'`, id)).toBe(1)
})

it('refuses to create or delete accounts over the API of Better Auth', async () => {
  const { id, people } = await newAccount('owner')
  const cookie = await signIn(people[0]?.email ?? '')
  const made = { name: 'Mine', slug: 'mine' }
  expect(await outcome(await send('/api/auth/organization/create', { cookie, body: made }))).toBe(
    '404 not_found',
  )
  const body = { organizationId: id }
  expect(await outcome(await send('/api/auth/organization/delete', { cookie, body }))).toBe(
    '404 not_found',
  )
  expect(await outcome(await send('/api/auth/delete-user', { cookie, body: {} }))).toBe(
    '404 not_found',
  )
})

it('decrypts what an older secret encrypted, after a rotation', async () => {
  const { people } = await newAccount('owner')
  await jwtOf(await signIn(people[0]?.email ?? ''))
  const rotated = {
    ...bindings,
    AUTH_SECRETS: `${'n'.repeat(8)}-a-newer-secret-of-32-characters,${env.AUTH_SECRETS}`,
  } as Env
  const body = { email: people[0]?.email, password }
  const signedIn = await send('/api/auth/sign-in/email', { body, env: rotated })
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  expect((await send('/api/auth/token', { cookie, env: rotated })).status).toBe(200)
})

describe('a malformed request', () => {
  // Over two hundred requests.
  it('is answered with a client error', async () => {
    const { people } = await newAccount('owner', 'member')
    const cookie = await signIn(people[0]?.email ?? '')
    const paths = [
      'sign-in/email',
      'sign-up/email',
      'sign-out/x',
      'change-password',
      'update-user',
      'organization/invite-member',
      'organization/update-member-role',
      'organization/remove-member',
      'organization/leave',
      'organization/update',
      'organization/set-active',
      'organization/accept-invitation',
      'organization/list-members',
      'callback/google',
      'nothing/here',
    ]
    const bodies = [
      '{',
      '[]',
      'null',
      '"text"',
      '{}',
      { email: 7, role: {}, organizationId: [], memberId: null, data: 'x' },
      { email: 'x@example.test', role: 'member', teamId: 'team' },
      { email: 'x'.repeat(5_000), role: '', invitationId: 'x', memberIdOrEmail: '@' },
      { data: { slug: null, metadata: 'x', logo: 7 } },
    ]
    for (const path of paths)
      for (const body of bodies) {
        const answer = await send(`/api/auth/${path}`, { cookie, body })
        expect([path, body, answer.status < 500]).toEqual([path, body, true])
      }
    for (const path of ['/api/setup', `/api/invitations/${crypto.randomUUID()}/accept`])
      for (const body of bodies) expect((await send(path, { body })).status).toBeLessThan(500)
    for (const query of ['sortBy=x', 'filterField=x&filterValue=1', 'limit=1e400', 'limit=x']) {
      const answer = await send(`/api/auth/organization/list-members?${query}`, { cookie })
      expect([query, answer.status < 500]).toEqual([query, true])
    }
    const filter = 'filterField=role&filterOperator=in&filterValue=1'
    const answer = await send(`/api/auth/organization/list-members?${filter}`, { cookie })
    expect(await outcome(answer)).toBe('400 invalid_request')
    expect(await outcome(await send('/api/auth/callback/x', { cookie }))).toBe('404 not_found')
    expect((await send('/api/auth/get-session', { cookie, method: 'DELETE' })).status).toBe(404)
  })

  it('is answered with 503, not 401, when D1 is down', async () => {
    const { people } = await newAccount('owner')
    const cookie = await signIn(people[0]?.email ?? '')
    const dead = { ...settings, db: deadD1 }
    expect(await personOfJwt(await jwtOf(cookie), dead)).toMatchObject({ kind: 'unavailable' })
    expect(await personOfSession(new Headers({ cookie }), dead)).toMatchObject({
      kind: 'unavailable',
    })
    const down = { ...bindings, DB: deadD1 } as Env
    const body = { email: people[0]?.email, password }
    for (const answer of [
      await send('/api/auth/get-session', { cookie, env: down }),
      await send('/api/auth/sign-in/email', { body, env: down }),
    ]) {
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(await outcome(answer)).toBe('503 authority_unavailable')
    }
    statuses.delete(503)
  })

  it('times out when D1 never answers', async () => {
    const { people } = await newAccount('owner')
    const cookie = await signIn(people[0]?.email ?? '')
    const silent = { ...settings, db: silentD1 }
    const env = { ...bindings, DB: silentD1 } as Env
    const [session, answer] = await Promise.all([
      personOfSession(new Headers({ cookie }), silent),
      send('/api/auth/get-session', { cookie, env }),
    ])
    expect(session).toMatchObject({ kind: 'unavailable' })
    expect(await outcome(answer)).toBe('503 authority_unavailable')
    statuses.delete(503)
  })
})

afterAll(() => {
  expect([...statuses].filter((status) => status >= 500)).toEqual([])
})

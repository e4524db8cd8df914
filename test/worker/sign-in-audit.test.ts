// Sign-ins, failed ones, changed passwords and ended sessions in the audit trail.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, openAccount, outcome } from '../support/account.ts'
import { newAuthenticator } from '../support/authenticator.ts'
import {
  complete,
  cookiesOf,
  enrolApp,
  enrolOverHttp,
  enrolPasskey,
  signInByPasskey,
} from '../support/factors.ts'
import { beforeStatement } from '../support/interleaved.ts'
import { addMember, cookieOf, makeSigningKey } from '../support/permission-matrix.ts'
import {
  addPersonWithPassword,
  changePassword,
  emailOf,
  eventsOf,
  newPassword,
  oldPassword,
  openApp,
  post,
  sessionsOf,
  signIn,
  someAddress,
  toldBy,
} from '../support/reset.ts'
import { createAccount, type TestApp, type TestPerson } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

let app: TestApp
let account: Account
let person: TestPerson
beforeAll(async () => {
  app = await openApp()
  await makeSigningKey(app)
  account = await openAccount()
})
beforeEach(async () => {
  person = await addPersonWithPassword(account.id, 'member')
})

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()
const unknown = () => `${crypto.randomUUID()}@example.test`
const signInAs = (email: string, password: string, at = app, ip = '2001:db8:1:2:3::4') =>
  post(at, '/api/auth/sign-in/email', { email, password }, { ip })
const sqlOf = (what: string) =>
  (JSON.parse(what) as unknown[]).map(String).find((part) => /^\s*insert/i.test(part))
const failures = () => eventsOf(person, 'person.sign_in_failed')

describe('a sign-in', () => {
  it('stands in the trail of each account, with its road, network and browser', async () => {
    const elsewhere = await createAccount('Elsewhere')
    await addMember(person, elsewhere, 'admin')
    expect(await outcome(signInAs(emailOf(person), oldPassword))).toBe('200')
    const events = await eventsOf(person, 'person.signed_in')
    expect(events.map((each) => each.account_id).sort()).toEqual([account.id, elsewhere].sort())
    for (const each of events) {
      expect(each).toMatchObject({ actor_kind: 'person', actor_id: person.id })
      expect(each.detail).toEqual({
        ...{ method: 'password', address: '2001:db8:1::/48', browser: 'A browser' },
      })
    }
  })

  it('that awaits a second factor is none until the factor is proved, whatever proves it', async () => {
    await run(`INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, 'sealed', 1)`, person.id)
    await signIn(app, person, oldPassword)
    expect(await eventsOf(person, 'person.signed_in')).toEqual([])
    await run(
      `UPDATE session SET awaits_factor = 0, signed_in_with = 'password+totp' WHERE user_id = ?`,
      person.id,
    )
    expect(await eventsOf(person, 'person.signed_in')).toMatchObject([
      { detail: { method: 'password+totp', browser: 'A browser' } },
    ])
    await run('UPDATE session SET awaits_factor = 0 WHERE user_id = ?', person.id)
    expect(await eventsOf(person, 'person.signed_in')).toHaveLength(1)
  })

  it('stands there once, with all that proved it', async () => {
    const own = await cookieOf(person, account.id)
    const { codes } = await enrolOverHttp(app, own)
    const half = await post(app, '/api/auth/sign-in/email', {
      ...{ email: emailOf(person), password: oldPassword },
    })
    const proof = { recovery_code: codes[0] }
    expect(await outcome(complete(app, cookiesOf(half, /session_token/), proof))).toBe('200')
    const authenticator = await newAuthenticator()
    await enrolPasskey(app, own, authenticator)
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('200')
    const methods = (await eventsOf(person, 'person.signed_in')).map(({ detail }) => detail.method)
    expect(methods).toEqual(['password', 'password+recovery_code', 'passkey'])
  })

  it('has the browser cut to 200 characters', async () => {
    const headers = { 'user-agent': 'b'.repeat(300) }
    const body = { email: emailOf(person), password: oldPassword }
    await post(app, '/api/auth/sign-in/email', body, { headers })
    const [event] = await eventsOf(person, 'person.signed_in')
    expect(event?.detail.browser).toBe('b'.repeat(200))
  })

  it('shows neither its network nor the salt of its password in the session', async () => {
    const { headers } = await signIn(app, person, oldPassword)
    const cookie = headers.getSetCookie().map((line) => line.split(';')[0])
    const [stored] = await sessionsOf(person)
    expect(stored?.password_salt).toMatch(/^[0-9a-f]{32}$/)
    const get = (path: string) =>
      app.request('GET', path, { headers: { cookie: cookie.join('; ') } })
    for (const path of ['/api/auth/get-session', '/api/sessions']) {
      const { status, text } = await get(path)
      expect(status).toBe(200)
      expect(text).not.toContain(stored?.password_salt)
      expect(text).not.toMatch(/salt|network/i)
    }
  })
})

describe('a sign-in that fails', () => {
  it('stands in the trail of each account once in 15 minutes', async () => {
    const elsewhere = await createAccount('Elsewhere')
    await addMember(person, elsewhere, 'admin')
    for (let at = 0; at < 3; at++) {
      expect(await outcome(signInAs(emailOf(person), 'a wild guess'))).toBe('401 invalid_token')
    }
    const events = await failures()
    expect(events.map((each) => each.account_id).sort()).toEqual([account.id, elsewhere].sort())
    expect(events[0]).toMatchObject({ actor_kind: 'system', actor_id: null })
    expect(events[0]?.detail).toEqual({
      ...{ method: 'password', address: '2001:db8:1::/48', browser: 'A browser' },
    })
    app.clock.skip(15 * 60_000 + 1)
    await signInAs(emailOf(person), 'a wild guess')
    expect(await failures()).toHaveLength(4)
  })

  it('at its second factor stands there too, once of each kind', async () => {
    await enrolApp(person)
    const body = { email: emailOf(person), password: oldPassword }
    const half = cookiesOf(await post(app, '/api/auth/sign-in/email', body), /session_token/)
    const text = { clientDataJSON: 'e30', authenticatorData: 'AA', signature: 'AA' }
    const passkey = { id: 'AA', rawId: 'AA', type: 'public-key', response: text }
    const wrong = [{ code: '12345' }, { recovery_code: '0000-0000-0000-0000' }, { passkey }]
    for (const proof of [...wrong, ...wrong]) {
      expect(await outcome(complete(app, half, proof))).toBe('403 forbidden')
    }
    expect((await failures()).map(({ detail }) => detail.method)).toEqual([
      ...['totp', 'recovery_code', 'passkey'],
    ])
    await signInAs(emailOf(person), 'a wild guess')
    expect(await failures()).toHaveLength(4)
  })

  it('of one person hides no failure of another', async () => {
    const other = await addPersonWithPassword(account.id, 'member')
    for (const each of [person, other]) await signInAs(emailOf(each), 'a wild guess')
    expect(await failures()).toHaveLength(1)
    expect(await eventsOf(other, 'person.sign_in_failed')).toHaveLength(1)
  })

  it('asks D1 as often for every address, records by one statement, and is answered alike', async () => {
    const watch = watchBindings()
    const watched = await openApp(watch.bindings)
    const tried = async (email: string) => {
      watch.clear()
      const { status, body } = await signInAs(email, 'a wild guess', watched)
      const calls = watch.calls.filter(({ where }) => where.startsWith('D1.'))
      // Better Auth joins no tables: its second read is of the password, or stands for it.
      const places = calls.map(({ where }) => where)
      const recorded = sqlOf(calls.at(-1)?.what ?? '[]')
      return { answer: { status, code: body.code, detail: body.detail }, places, recorded }
    }
    await tried(unknown())
    const nobody = await tried(unknown())
    const failed = await tried(emailOf(person))
    expect(await failures()).toHaveLength(1)
    expect(failed).toEqual(nobody)
    expect(failed.recorded).toMatch(/insert into "audit_event"/)
  })

  it('is answered before it is recorded, and though it cannot be', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const slow = await openApp({ DB: beforeStatement(/insert into "audit_event"/i, () => promise) })
    const background: Promise<unknown>[] = []
    const request = new Request(new URL('/api/auth/sign-in/email', env.BASE_URL), {
      ...{ method: 'POST', body: JSON.stringify({ email: emailOf(person), password: 'a guess' }) },
      headers: { 'content-type': 'application/json', 'cf-connecting-ip': someAddress() },
    })
    const context = { waitUntil: (work: Promise<unknown>) => void background.push(work) }
    const answer = await slow.handler.fetch(request, slow.bindings, context as never)
    expect(answer.status).toBe(401)
    expect(await failures()).toEqual([])
    resolve()
    await Promise.all(background)
    expect(await failures()).toHaveLength(1)

    const spy = vi.spyOn(console, 'error').mockImplementation(() => {})
    const down = () => Promise.reject(new Error('D1 is down'))
    const broken = await openApp({ DB: beforeStatement(/insert into "audit_event"/i, down) })
    expect(await outcome(signInAs(unknown(), 'a guess', broken))).toBe('401 invalid_token')
    expect(JSON.stringify(spy.mock.calls)).toContain('audit_failed')
    vi.restoreAllMocks()
  })

  it('because a count refuses it is not recorded', async () => {
    const strict = await openApp({ SIGN_IN_PER_MINUTE: '1' } as never)
    const ip = someAddress()
    const guess = (email: string) => outcome(signInAs(email, 'a guess', strict, ip))
    expect(await guess(unknown())).toBe('401 invalid_token')
    expect(await guess(emailOf(person))).toBe('429 rate_limited')
    expect(await failures()).toEqual([])
  })
})

describe('a changed password', () => {
  it('stands in the trail, is told to the person, and ends other sessions and links', async () => {
    const [here, elsewhere] = [
      await cookieOf(person, account.id),
      await cookieOf(person, account.id),
    ]
    const links = 'SELECT count(*) AS n FROM reset_link WHERE user_id = ?'
    await post(app, '/api/auth/request-password-reset', { email: emailOf(person) })
    const headers = { cookie: here }
    const jwt = (await app.request('GET', '/api/auth/token', { headers })).body.token
    expect(await outcome(app.request('GET', '/api/account', { as: jwt }))).toBe('200')
    const answer = await changePassword(app, here)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const event = { actor_id: person.id, detail: { browser: 'A browser' } }
    expect(await eventsOf(person, 'person.password_changed')).toMatchObject([event])
    expect(await toldBy(emailOf(person), 'password_changed')).toMatchObject([{ by: 'change' }])
    expect(await env.DB.prepare(links).bind(person.id).first('n')).toBe(0)
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const read = (given: string) =>
      outcome(app.request('GET', '/api/sessions', { headers: { cookie: given } }))
    expect(await outcome(app.request('GET', '/api/account', { as: jwt }))).toBe('401 invalid_token')
    expect(await Promise.all([read(here), read(elsewhere), read(cookie)])).toEqual([
      ...['401 missing_credential', '401 missing_credential', '200'],
    ])
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
  })

  it('with a wrong present one changes and tells nothing', async () => {
    const cookie = await cookieOf(person, account.id)
    const body = { currentPassword: 'a wild guess', newPassword }
    const answer = await post(app, '/api/auth/change-password', body, { headers: { cookie } })
    expect([answer.status, answer.body.detail]).toEqual([400, 'Invalid password'])
    expect(await eventsOf(person, 'person.password_changed')).toEqual([])
    expect(await toldBy(emailOf(person), 'password_changed')).toEqual([])
    expect(await sessionsOf(person)).toHaveLength(1)
  })

  it('of a person who has none is refused', async () => {
    await run('DELETE FROM account WHERE user_id = ?', person.id)
    const answer = await changePassword(app, await cookieOf(person, account.id))
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
  })
})

describe('ended sessions', () => {
  const end = (cookie: string, id = '') =>
    app.request('DELETE', `/api/sessions${id}`, {
      headers: { cookie, origin: env.BASE_URL, 'user-agent': 'A browser' },
    })
  const ends = () => eventsOf(person, 'person.sessions_ended')

  it('stand in the trail, of one and of all others; none where there was none', async () => {
    const cookie = await cookieOf(person, account.id)
    expect((await end(cookie)).body.data).toEqual({ ended: 0 })
    expect((await end(cookie, `/${crypto.randomUUID()}`)).status).toBe(404)
    expect(await ends()).toEqual([])
    await cookieOf(person, account.id)
    expect((await end(cookie)).body.data).toEqual({ ended: 1 })
    expect(await ends()).toMatchObject([{ detail: { browser: 'A browser' } }])
    const [session] = await sessionsOf(person)
    expect((await end(cookie, `/${session?.id}`)).status).toBe(200)
    expect(await ends()).toHaveLength(2)
  })
})

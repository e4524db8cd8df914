// Authenticator apps: enrolled after step-up, asked at sign-in, each code counted once, removed.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { outcome } from '../support/account.ts'
import {
  awaitingCookie,
  codeOf,
  complete,
  cookiesOf,
  emailOf,
  enrolApp,
  enrolOverHttp,
  newPerson,
  signIn,
  someAddress,
} from '../support/factors.ts'
import { down } from '../support/outage.ts'
import { cookieOf, fromOwnPage, password } from '../support/permission-matrix.ts'
import { addPerson, createAccount, createTestApp, type TestPerson } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const bindings = { SIGN_IN_PER_MINUTE: '100000', DEV_MAIL: 'yes' } as unknown as Partial<Env>
const app = await createTestApp({ bindings })
const accountId = await createAccount('Acme Inc')
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000

const send = (cookie: string, method: string, path: string, body?: object) =>
  app.request(method, `/api/auth${path}`, {
    headers: { cookie, ...fromOwnPage },
    ...(body && { body }),
  })
const begin = (cookie: string) => send(cookie, 'POST', '/factors/totp')
const confirm = (cookie: string, code: string) =>
  send(cookie, 'POST', '/factors/totp/confirm', { code })
const factorsOf = async (cookie: string) => (await send(cookie, 'GET', '/factors')).body.data

const rows = async (sql: string, ...values: unknown[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results
const sessionOf = async ({ id }: TestPerson) =>
  (await rows('SELECT * FROM session WHERE user_id = ? ORDER BY rowid DESC', id))[0]

/** With an app, and signed in by password alone. */
async function halfSignedIn() {
  const person = await newPerson(accountId)
  const secret = await enrolApp(person)
  return { person, secret, cookie: await awaitingCookie(app, person) }
}

describe('enrolling', () => {
  it('shows a secret, and after a code of it ten recovery codes', async () => {
    const person = await newPerson(accountId)
    const cookie = await cookieOf(person, accountId)
    expect(await factorsOf(cookie)).toMatchObject({ totp: null, step_up: 'password' })
    const { secret, uri, expires_at } = (await begin(cookie)).body.data
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    const shown = new URL(uri)
    expect([shown.protocol, shown.searchParams.get('secret')]).toEqual(['otpauth:', secret])
    expect(decodeURIComponent(shown.pathname)).toContain(`localhost:${emailOf(person)}`)
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(600_000)
    expect((await factorsOf(cookie)).totp).toBeNull()

    const { status, body, headers } = await confirm(cookie, codeOf(secret))
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(new Set(body.data.recovery_codes).size).toBe(10)
    for (const code of body.data.recovery_codes) {
      expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/)
    }
    expect(await factorsOf(cookie)).toMatchObject({
      totp: { enrolled_at: expect.any(String), last_used_at: null },
      recovery_codes: { left: 10 },
      step_up: 'totp',
    })
  })

  it('takes a code with a space in it, and of a clock that is half a minute off', async () => {
    for (const steps of [-1, 1]) {
      const cookie = await cookieOf(await newPerson(accountId), accountId)
      const { secret } = (await begin(cookie)).body.data
      const code = codeOf(secret, steps).replace(/^.../, '$& ')
      expect(await outcome(confirm(cookie, code))).toBe('200')
    }
  })

  it('needs a code of the secret that was begun last, within ten minutes', async () => {
    const person = await newPerson(accountId)
    const cookie = await cookieOf(person, accountId)
    expect(await outcome(confirm(cookie, '123456'))).toBe('409 conflict')
    const first = (await begin(cookie)).body.data.secret
    const { secret } = (await begin(cookie)).body.data
    expect(secret).not.toBe(first)
    for (const code of [codeOf(first), codeOf(secret, 5), 'abcdef', '', '1234567']) {
      expect(await outcome(confirm(cookie, code))).toBe('403 forbidden')
    }
    await rows('UPDATE totp SET pending_until = ? WHERE user_id = ?', Date.now(), person.id)
    expect(await outcome(confirm(cookie, codeOf(secret)))).toBe('409 conflict')
    expect((await factorsOf(cookie)).totp).toBeNull()
  })

  it('of another app replaces the first one when it is confirmed, and keeps the recovery codes', async () => {
    const person = await newPerson(accountId)
    const cookie = await cookieOf(person, accountId)
    const first = await enrolOverHttp(app, cookie)
    const { secret } = (await begin(cookie)).body.data
    const before = await awaitingCookie(app, person)
    expect(await outcome(complete(app, before, { code: codeOf(first.secret, 1) }))).toBe('200')
    const done = await confirm(cookie, codeOf(secret))
    expect(done.body.data).toEqual({ recovery_codes: null })
    expect(await outcome(confirm(cookie, codeOf(secret, 1)))).toBe('409 conflict')
    const after = await awaitingCookie(app, person)
    expect(await outcome(complete(app, after, { code: codeOf(first.secret) }))).toBe(
      '403 forbidden',
    )
    expect(await outcome(complete(app, after, { code: codeOf(secret, 1) }))).toBe('200')
  })

  it('leaves an event in each account of the person, and a message to them', async () => {
    const person = await newPerson(accountId)
    const other = await createAccount('Another')
    await rows(
      `INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'member', 1)`,
      ...[crypto.randomUUID(), other, person.id],
    )
    const cookie = await cookieOf(person, accountId)
    await enrolOverHttp(app, cookie)
    await send(cookie, 'POST', '/factors/recovery-codes')
    await send(cookie, 'DELETE', '/factors/totp')
    const events = await rows(
      `SELECT action, detail FROM audit_event WHERE subject_id = ? AND account_id = ?
       AND action NOT LIKE 'member.%' AND action <> 'person.signed_in' ORDER BY created_at, rowid`,
      ...[person.id, other],
    )
    expect(events.map(({ action, detail }) => [action, JSON.parse(String(detail)).factor])).toEqual(
      [
        ['factor.enrolled', 'totp'],
        ['recovery_codes.created', 'recovery_code'],
        ['factor.removed', 'totp'],
      ],
    )
    const mail = await rows(
      'SELECT * FROM mail WHERE user_id = ? ORDER BY created_at, rowid',
      person.id,
    )
    expect(
      mail.map(({ to_address, data }) => [to_address, JSON.parse(String(data)).change]),
    ).toEqual(
      ['totp_enrolled', 'recovery_codes_created', 'totp_removed'].map((change) => [
        emailOf(person),
        change,
      ]),
    )
  })
})

describe('step-up before a change of factors', () => {
  const changes = [
    ['POST', '/factors/totp'],
    ['POST', '/factors/totp/confirm', { code: '123456' }],
    ['DELETE', '/factors/totp'],
    ['POST', '/factors/recovery-codes'],
  ] as const
  async function outcomes(cookie: string): Promise<string[]> {
    const all: string[] = []
    for (const [method, path, body] of changes) {
      all.push(await outcome(send(cookie, method, path, body)))
    }
    return all
  }
  const stopped = changes.map(() => '403 step_up_required')
  const passed = ['200', '403 forbidden', '404 not_found', '409 conflict']

  it('is needed by who has a password, however fresh the session', async () => {
    const person = await newPerson(accountId)
    expect(await outcomes(await cookieOf(person, accountId, null))).toEqual(stopped)
    expect(await outcomes(await cookieOf(person, accountId, minutesAgo(11)))).toEqual(stopped)
    expect(await outcomes(await cookieOf(person, accountId))).toEqual(passed)
  })

  it('is not needed within ten minutes of the sign-in by who has neither a password nor a factor', async () => {
    const person = await addPerson(accountId, 'member')
    const cookie = await cookieOf(person, accountId, null)
    expect(await outcomes(cookie)).toEqual(passed)
    await rows('UPDATE session SET created_at = ? WHERE user_id = ?', minutesAgo(11), person.id)
    expect(await outcomes(cookie)).toEqual(stopped)
  })

  it('is needed again by them when they have a factor', async () => {
    const person = await addPerson(accountId, 'member')
    const cookie = await cookieOf(person, accountId, null)
    await enrolApp(person)
    expect(await outcomes(cookie)).toEqual(stopped)
  })
})

describe('the second step of a sign-in', () => {
  it('makes the session whole, under a new token, and proved', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    const { status, body, headers } = await complete(app, cookie, { code: codeOf(secret) })
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body.data.user).toEqual({
      ...{ id: person.id, email: emailOf(person), name: expect.any(String) },
    })
    const whole = cookiesOf({ headers }, /session_token/)
    expect(whole).not.toBe(cookie)
    expect((await send(cookie, 'GET', '/get-session')).body).toBeNull()
    const session = (await send(whole, 'GET', '/get-session')).body.session
    expect(session).toMatchObject({ userId: person.id, signedInWith: 'password+totp' })
    expect(Date.now() - Date.parse(session.provedAt)).toBeLessThan(60_000)
    expect(await outcome(begin(whole))).toBe('200')
    expect(await outcome(complete(app, cookie, { code: codeOf(secret, 1) }))).toBe(
      '401 missing_credential',
    )
    const events = await rows('SELECT * FROM audit_event WHERE subject_id = ?', person.id)
    expect(events.at(-1)).toMatchObject({ action: 'person.signed_in' })
    expect(JSON.parse(String(events.at(-1)?.detail))).toMatchObject({ method: 'password+totp' })
  })

  it.each([
    [true, 7, /Max-Age=604800/],
    [false, 1, /session_token=[^;]+; Path/],
  ])('keeps it as long as was asked for: remembered %s', async (rememberMe, days, attributes) => {
    const person = await newPerson(accountId)
    const secret = await enrolApp(person)
    const body = { email: emailOf(person), password, rememberMe }
    const headers = { ...fromOwnPage, 'cf-connecting-ip': someAddress() }
    const half = await app.request('POST', '/api/auth/sign-in/email', { headers, body })
    const whole = await complete(app, cookiesOf(half), { code: codeOf(secret) })
    expect(whole.headers.getSetCookie().join('\n')).toMatch(attributes)
    const { expires_at } = (await sessionOf(person)) ?? {}
    expect(Math.round((Number(expires_at) - Date.now()) / 86_400_000)).toBe(days)
  })

  it('takes each code once, and none of an earlier step', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    const code = codeOf(secret)
    expect(await outcome(complete(app, cookie, { code }))).toBe('200')
    const again = await awaitingCookie(app, person)
    expect(await outcome(complete(app, again, { code }))).toBe('403 forbidden')
    expect(await outcome(complete(app, again, { code: codeOf(secret, -1) }))).toBe('403 forbidden')
    expect(await outcome(complete(app, again, { code: codeOf(secret, 1) }))).toBe('200')
  })

  it('takes one code for one of two sessions that send it at once', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    const other = await awaitingCookie(app, person)
    const code = codeOf(secret)
    const both = [cookie, other, cookie, other].map((each) =>
      outcome(complete(app, each, { code })),
    )
    expect((await Promise.all(both)).filter((each) => each === '200')).toHaveLength(1)
    const whole = await rows(
      'SELECT id FROM session WHERE user_id = ? AND awaits_factor = 0',
      person.id,
    )
    expect(whole).toHaveLength(1)
  })

  it('is over after ten minutes', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    await rows('UPDATE session SET expires_at = ? WHERE user_id = ?', Date.now(), person.id)
    expect(await outcome(complete(app, cookie, { code: codeOf(secret) }))).toBe(
      '401 missing_credential',
    )
  })

  it('is over for a session that is ended meanwhile, and for a factor that is removed', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    const own = await cookieOf(person, accountId)
    expect(await outcome(send(own, 'DELETE', '/factors/totp'))).toBe('200')
    expect(await outcome(complete(app, cookie, { code: codeOf(secret) }))).toBe('403 forbidden')
    await rows('DELETE FROM session WHERE user_id = ? AND awaits_factor = 1', person.id)
    expect(await outcome(complete(app, cookie, { code: codeOf(secret) }))).toBe(
      '401 missing_credential',
    )
    expect((await signIn(app, person)).body.user.id).toBe(person.id)
  })

  it('takes one proof, of the right form, from a page of ours', async () => {
    const { secret, cookie } = await halfSignedIn()
    const code = codeOf(secret)
    for (const body of [
      {},
      { code: 123456 },
      { code, recovery_code: 'x' },
      { code, more: 1 },
      { recovery_code: 'x'.repeat(41) },
    ]) {
      expect(await outcome(complete(app, cookie, body))).toBe('400 invalid_request')
    }
    const foreign = { cookie, origin: 'https://evil.example' }
    const sent = app.request('POST', '/api/auth/factor', { headers: foreign, body: { code } })
    expect(await outcome(sent)).toBe('403 forbidden')
    expect(await outcome(complete(app, cookie, { code }))).toBe('200')
  })

  it('is not known while D1 is down', async () => {
    const { secret, cookie } = await halfSignedIn()
    const broken = await createTestApp({ bindings: { ...app.bindings, ...down(['DB']) } })
    const answer = complete(broken, cookie, { code: codeOf(secret) })
    expect(await outcome(answer)).toBe('503 authority_unavailable')
    expect(await outcome(complete(app, cookie, { code: codeOf(secret) }))).toBe('200')
  })
})

describe('guessing at codes', () => {
  const wrong = { code: '000000' }
  const guess = (cookie: string, times: number) =>
    Promise.all(Array.from({ length: times }, () => outcome(complete(app, cookie, wrong))))

  it('is refused after ten in 15 minutes, from whatever network and session', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    expect(new Set(await guess(cookie, 10))).toEqual(new Set(['403 forbidden']))
    const other = await awaitingCookie(app, person)
    const refused = await complete(app, other, { code: codeOf(secret) })
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(600)
  })

  it('is counted before a code is tried, so that fifty at once get no further', async () => {
    const { cookie } = await halfSignedIn()
    const all = await guess(cookie, 50)
    expect(all.filter((each) => each === '403 forbidden')).toHaveLength(10)
  })

  it('is refused after fifty in a day', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    for (let window = 0; window < 5; window++) {
      await guess(cookie, 10)
      await rows(`UPDATE attempt SET ends_at = 1 WHERE key = ?`, `totp/${person.id}`)
    }
    expect(await outcome(complete(app, cookie, { code: codeOf(secret) }))).toBe('429 rate_limited')
  })

  it('locks its person out of no browser that has completed a sign-in before', async () => {
    const { person, secret, cookie } = await halfSignedIn()
    const done = await complete(app, cookie, { code: codeOf(secret) })
    const device = cookiesOf(done, /device/)
    await guess(await awaitingCookie(app, person), 10)
    const half = await signIn(app, person, { cookie: device })
    const known = `${device}; ${cookiesOf(half, /session_token/)}`
    expect(await outcome(complete(app, known, { code: codeOf(secret, 1) }))).toBe('200')
  })

  it('does not count what was right', async () => {
    const person = await newPerson(accountId)
    const secret = await enrolApp(person)
    for (const steps of [-1, 0, 1]) {
      const cookie = await awaitingCookie(app, person)
      expect(await outcome(complete(app, cookie, { code: codeOf(secret, steps) }))).toBe('200')
    }
    const [counted] = await rows('SELECT count FROM attempt WHERE key = ?', `totp/${person.id}`)
    expect(counted).toEqual({ count: 0 })
  })
})

it('removing what is not enrolled is 404, and only what was begun stays', async () => {
  const cookie = await cookieOf(await newPerson(accountId), accountId)
  const { secret } = (await begin(cookie)).body.data
  expect(await outcome(send(cookie, 'DELETE', '/factors/totp'))).toBe('404 not_found')
  expect(await outcome(confirm(cookie, codeOf(secret)))).toBe('200')
  expect(await outcome(send(cookie, 'DELETE', '/factors/totp'))).toBe('200')
  expect(await factorsOf(cookie)).toMatchObject({ totp: null, recovery_codes: null })
})

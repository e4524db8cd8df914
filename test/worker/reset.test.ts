// A forgotten password: asking for a link by mail, and setting a new password by it.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, openAccount, outcome } from '../support/account.ts'
import { cookiesOf } from '../support/factors.ts'
import { down } from '../support/outage.ts'
import { addMember, cookieOf, makeSigningKey } from '../support/permission-matrix.ts'
import {
  addPersonWithPassword,
  ask,
  emailOf,
  eventsOf,
  hashOf,
  mailedToken,
  newPassword,
  oldPassword,
  openApp,
  reset,
  sessionsOf,
  signIn,
  someAddress,
  tokenFor,
  toldBy,
} from '../support/reset.ts'
import {
  createAccount,
  createStillClock,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'
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
const rowsOf = async (sql: string, ...values: unknown[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all()
  ).results
const refused = '400 invalid_request'
const unknown = () => `${crypto.randomUUID()}@example.test`

describe('a new password by a mailed link', () => {
  it('is accepted, and the old one and the old sessions are not', async () => {
    const cookie = await cookieOf(person, account.id)
    const token = await tokenFor(app, person)
    const done = await reset(app, token)
    expect([done.status, done.body, done.headers.get('cache-control')]).toEqual([
      200,
      { status: 'success', data: {} },
      'no-store',
    ])
    expect(done.headers.getSetCookie()).toEqual([])
    expect(await sessionsOf(person)).toEqual([])
    expect(await outcome(app.request('GET', '/api/sessions', { headers: { cookie } }))).toBe(
      '401 missing_credential',
    )
    expect(await outcome(signIn(app, person, oldPassword))).toBe('401 invalid_token')
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
  })

  it('ends the JWTs of before, and not those after', async () => {
    const jwtOf = async (cookie: string) =>
      (await app.request('GET', '/api/auth/token', { headers: { cookie } })).body.token as string
    const actsBy = (jwt: string) => outcome(app.request('GET', '/api/account', { as: jwt }))
    const before = await jwtOf(await cookieOf(person, account.id))
    expect(await actsBy(before)).toBe('200')
    await reset(app, await tokenFor(app, person))
    expect(await actsBy(before)).toBe('401 invalid_token')
    const signedIn = await signIn(app, person, newPassword)
    expect(await actsBy(await jwtOf(cookiesOf(signedIn, /session_token/)))).toBe('200')
    expect(await actsBy(before)).toBe('401 invalid_token')
  })

  it('is set once by a link, and ends the other links', async () => {
    const tokens = [await tokenFor(app, person), await tokenFor(app, person)]
    expect(await outcome(reset(app, tokens[1] ?? ''))).toBe('200')
    for (const token of tokens) {
      const again = await reset(app, token, 'a third horse battery')
      expect(again.status).toBe(400)
      expect(again.body.errors).toEqual([{ path: 'token', message: expect.any(String) }])
    }
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
  })

  it('is refused alike by a link that has expired, was used, or never was', async () => {
    const expired = await tokenFor(app, person)
    await run('UPDATE reset_link SET expires_at = 1 WHERE user_id = ?', person.id)
    const other = await addPersonWithPassword(account.id, 'member')
    const used = await tokenFor(app, other)
    await reset(app, used)
    const answers = await Promise.all(
      [expired, used, 'A'.repeat(43), 'x'].map((token) => reset(app, token)),
    )
    const [first, ...others] = answers.map(({ status, body: { request_id: _, ...body } }) => [
      status,
      body,
    ])
    expect(first?.[0]).toBe(400)
    for (const each of others) expect(each).toEqual(first)
    expect(await outcome(signIn(app, person, oldPassword))).toBe('200')
  })

  it('works for half an hour', async () => {
    const still = await openApp({}, createStillClock())
    const other = await addPersonWithPassword(account.id, 'member')
    const tokens = [await tokenFor(still, person), await tokenFor(still, other)]
    still.clock.skip(30 * 60_000 - 1)
    expect(await outcome(reset(still, tokens[0] ?? ''))).toBe('200')
    still.clock.skip(1)
    expect(await outcome(reset(still, tokens[1] ?? ''))).toBe(refused)
  })

  it('is for a person who had none yet', async () => {
    await run('DELETE FROM account WHERE user_id = ?', person.id)
    expect(await outcome(reset(app, await tokenFor(app, person)))).toBe('200')
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
  })

  it('is told to the person, and stands in the trail of each of their accounts', async () => {
    const elsewhere = await createAccount('Elsewhere')
    await addMember(person, elsewhere, 'admin')
    await reset(app, await tokenFor(app, person), newPassword, { ip: '203.0.113.77' })
    const events = await eventsOf(person, 'person.password_reset')
    expect(events.map((each) => each.account_id).sort()).toEqual([account.id, elsewhere].sort())
    for (const each of events) {
      expect(each).toMatchObject({ actor_kind: 'person', actor_id: person.id })
      expect(each.detail).toEqual({ address: '203.0.113.0/24', browser: 'A browser' })
      expect(each.request_id).toMatch(/^[0-9a-f-]{36}$/)
    }
    expect(await toldBy(emailOf(person), 'password_changed')).toMatchObject([
      { by: 'reset', network: '203.0.113.0/24', browser: 'A browser' },
    ])
    const made = await eventsOf(person, 'reset_link.created')
    expect(made).toHaveLength(2)
    expect(made[0]).toMatchObject({ actor_kind: 'system', actor_id: null })
    expect(made[0]?.detail).toMatchObject({ origin: 'mail' })
  })

  it('is no step-up of anything, and leaves the second factors', async () => {
    await run(`INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, 'sealed', 1)`, person.id)
    await reset(app, await tokenFor(app, person))
    expect(await rowsOf('SELECT secret FROM totp WHERE user_id = ?', person.id)).toHaveLength(1)
    const answer = await signIn(app, person, newPassword)
    expect(answer.body.awaits_factor).toContain('totp')
  })

  it('has as many characters as any, and no field besides', async () => {
    const token = await tokenFor(app, person)
    expect(await outcome(reset(app, token, 'too short'))).toBe(refused)
    expect(await outcome(reset(app, token, 'x'.repeat(129)))).toBe(refused)
    const body = { token, password: newPassword, more: 1 }
    const headers = { 'cf-connecting-ip': someAddress() }
    const answer = await app.request('POST', '/api/auth/reset-password', { headers, body })
    expect(answer.body.errors[0].path).toContain('more')
    expect(await outcome(reset(app, token))).toBe('200')
  })
})

describe('an address that its user never proved', () => {
  const provider = (userId: string) =>
    run(
      `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at)
       VALUES (?1, ?1, 'github', ?2, 1, 1)`,
      crypto.randomUUID(),
      userId,
    )
  const isProved = async () =>
    (await rowsOf('SELECT email_verified FROM user WHERE id = ?', person.id))[0]?.email_verified
  const waysIn = async () =>
    (await rowsOf('SELECT provider_id FROM account WHERE user_id = ?', person.id)).map(
      (row) => row.provider_id,
    )

  beforeEach(async () => {
    await run('UPDATE user SET email_verified = 0 WHERE id = ?', person.id)
    await provider(person.id)
    await run(`INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, 'sealed', 1)`, person.id)
    await run(
      `INSERT INTO passkey (id, user_id, credential_id, public_key, sign_count, transports, name, is_backed_up, created_at)
       VALUES (?1, ?2, ?1, '', 0, '[]', 'Theirs', 0, 1)`,
      crypto.randomUUID(),
      person.id,
    )
    await run(
      `INSERT INTO recovery_code (user_id, digest, created_at) VALUES (?, 'x', 1)`,
      person.id,
    )
  })

  it('is proved by a mailed link: whoever made the user keeps no way in', async () => {
    await reset(app, await tokenFor(app, person))
    expect([await isProved(), await waysIn()]).toEqual([1, ['credential']])
    for (const table of ['totp', 'passkey', 'recovery_code']) {
      expect(await rowsOf(`SELECT 1 FROM ${table} WHERE user_id = ?`, person.id)).toEqual([])
    }
  })

  it('once proved, keeps what its user has enrolled', async () => {
    await run('UPDATE user SET email_verified = 1 WHERE id = ?', person.id)
    await reset(app, await tokenFor(app, person))
    expect((await waysIn()).sort()).toEqual(['credential', 'github'])
    for (const table of ['totp', 'passkey', 'recovery_code']) {
      expect(await rowsOf(`SELECT 1 FROM ${table} WHERE user_id = ?`, person.id)).toHaveLength(1)
    }
  })

  it('is not proved by a link that is refused', async () => {
    const token = await tokenFor(app, person)
    await run('UPDATE reset_link SET expires_at = 1 WHERE user_id = ?', person.id)
    expect(await outcome(reset(app, token))).toBe(refused)
    expect([await isProved(), (await waysIn()).length]).toEqual([0, 2])
  })
})

describe('asking for a link', () => {
  const sqlOf = (what: string) =>
    (JSON.parse(what) as unknown[]).filter((part) =>
      /^\s*(insert|update|delete|select|with)\b/i.test(String(part)),
    )

  it('runs the same statements for every address, and writes a row for each', async () => {
    const watch = watchBindings()
    const watched = await openApp(watch.bindings)
    const askedOf = async (email: string) => {
      const ip = someAddress()
      watch.clear()
      const { status, body, headers } = await ask(watched, email, { ip })
      const names = [...headers.keys()].sort()
      // What sends the message, behind the answer, writes the table of mail alone.
      const calls = watch.calls
        .filter(({ where }) => where.startsWith('D1.'))
        .map(({ where, what }) => [where, sqlOf(what)] as const)
        .filter(([, statements]) => !/^\s*update "mail"/.test(String(statements[0])))
      const links = await rowsOf('SELECT id FROM reset_link')
      return { answer: { status, body, names }, calls, links: links.length }
    }
    // The first request loads code.
    const first = await askedOf(unknown())
    const nobody = await askedOf(unknown())
    const somebody = await askedOf(emailOf(person))
    expect(somebody.answer).toEqual(nobody.answer)
    expect(somebody.answer.status).toBe(200)
    expect(somebody.calls).toEqual(nobody.calls)
    expect(somebody.calls.flat(2).length).toBeGreaterThan(4)
    expect([nobody.links, somebody.links]).toEqual([first.links + 1, first.links + 2])
  })

  it('sends nothing where nobody has the address, and the row that it writes is no link', async () => {
    const email = unknown()
    expect(await outcome(ask(app, email))).toBe('200')
    expect(await rowsOf('SELECT 1 FROM mail WHERE to_address = ?', email)).toEqual([])
    const rows = await rowsOf('SELECT user_id FROM reset_link ORDER BY created_at DESC, rowid DESC')
    expect(rows[0]?.user_id).toBeNull()
  })

  it('finds the person whatever the case and the space around the address', async () => {
    await ask(app, `  ${emailOf(person).toUpperCase()} `)
    expect(await mailedToken(emailOf(person))).toMatch(/^[\w-]{43}$/)
  })

  it('without mail is answered alike, stores nothing, and says so to who asks', async () => {
    const without = await openApp({ DEV_MAIL: 'no' } as never)
    const before = await rowsOf('SELECT id FROM reset_link')
    const answers = [await ask(without, emailOf(person)), await ask(app, emailOf(person))]
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, { status: 'success', data: {} }],
      [200, { status: 'success', data: {} }],
    ])
    expect((await rowsOf('SELECT id FROM reset_link')).length).toBe(before.length + 1)
    const methods = (at: TestApp) => at.request('GET', '/api/auth/sign-in-methods')
    expect((await methods(without)).body.data).toMatchObject({ mail: false })
    expect((await methods(app)).body.data.mail).toBe(true)
  })

  it('is counted by the address, 3 an hour, whoever asks; what is refused writes nothing', async () => {
    for (const email of [emailOf(person), unknown()]) {
      for (let at = 0; at < 3; at++) expect(await outcome(ask(app, email))).toBe('200')
      const counted = await rowsOf('SELECT * FROM attempt ORDER BY key')
      const links = (await rowsOf('SELECT id FROM reset_link')).length
      const answer = await ask(app, ` ${email.toUpperCase()}`)
      expect([answer.status, answer.body.code]).toEqual([429, 'rate_limited'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_000)
      expect(await rowsOf('SELECT * FROM attempt ORDER BY key')).toEqual(counted)
      expect((await rowsOf('SELECT id FROM reset_link')).length).toBe(links)
    }
    expect(await outcome(ask(app, unknown()))).toBe('200')
    // The links that are there go on working: the count locks nobody out.
    expect(await outcome(reset(app, await mailedToken(emailOf(person))))).toBe('200')
  })

  it('is counted by the network, 10 a minute', async () => {
    const ip = someAddress()
    for (let at = 0; at < 10; at++) expect(await outcome(ask(app, unknown(), { ip }))).toBe('200')
    expect(await outcome(ask(app, unknown(), { ip }))).toBe('429 rate_limited')
    expect(await outcome(ask(app, unknown()))).toBe('200')
  })

  it('takes an address and nothing else', async () => {
    for (const email of ['nobody', '', 'a'.repeat(300), 1, null]) {
      expect(await outcome(ask(app, email as string))).toBe(refused)
    }
    const body = { email: emailOf(person), redirectTo: 'https://evil.example' }
    const headers = { 'cf-connecting-ip': someAddress() }
    const path = '/api/auth/request-password-reset'
    expect(await outcome(app.request('POST', path, { headers, body }))).toBe(refused)
  })
})

describe('a token', () => {
  it('is stored and logged nowhere in clear', async () => {
    const levels = ['log', 'info', 'warn', 'error'] as const
    const spies = levels.map((level) => vi.spyOn(console, level).mockImplementation(() => {}))
    const token = await tokenFor(app, person)
    await reset(app, token, 'short')
    await reset(app, token)
    await reset(app, token)
    const tables = await rowsOf(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'`,
    )
    expect(tables.length).toBeGreaterThan(20)
    for (const { name } of tables) {
      expect(JSON.stringify(await rowsOf(`SELECT * FROM "${name}"`)), String(name)).not.toContain(
        token,
      )
    }
    const lines = JSON.stringify(spies.map(({ mock }) => mock.calls))
    expect(lines).not.toContain(token)
    vi.restoreAllMocks()
  })

  it('is counted as a guess by the network before it is tried', async () => {
    const token = await tokenFor(app, person)
    const ip = someAddress()
    for (let at = 0; at < 10; at++) {
      expect(await outcome(reset(app, 'A'.repeat(43), newPassword, { ip }))).toBe(refused)
    }
    const before = await hashOf(person)
    expect(await outcome(reset(app, token, newPassword, { ip }))).toBe('429 rate_limited')
    expect(await hashOf(person)).toBe(before)
    expect(await outcome(reset(app, token))).toBe('200')
  })
})

it('while D1 is down both answer 503, which may be tried again', async () => {
  const token = await tokenFor(app, person)
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const broken = await openApp(down(['DB']))
  expect(await outcome(ask(broken, emailOf(person)))).toBe('503 authority_unavailable')
  expect(await outcome(reset(broken, token))).toBe('503 authority_unavailable')
  vi.restoreAllMocks()
  expect(await outcome(reset(app, token))).toBe('200')
})

it('who was removed and is invited again resets by mail, signs in and accepts', async () => {
  await run('DELETE FROM member WHERE user_id = ?', person.id)
  const invitationId = crypto.randomUUID()
  await run(
    `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
     VALUES (?, ?, ?, 'member', 'pending', ?, ?, ?)`,
    ...[invitationId, account.id, emailOf(person), account.owner.id],
    ...[Date.now() + 86_400_000, Date.now()],
  )
  await reset(app, await tokenFor(app, person))
  const { headers } = await signIn(app, person, newPassword)
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const accepted = await app.request('POST', '/api/auth/organization/accept-invitation', {
    headers: { cookie, origin: env.BASE_URL },
    body: { invitationId },
  })
  expect(accepted.status, accepted.text).toBe(200)
})

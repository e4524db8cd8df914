// Confirming an address by a mailed link, in a session of its user and elsewhere; and joining by a mailed invitation as
// somebody who never proved the address.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { readSecretList } from '../../src/core/secrets.ts'
import { digestOf } from '../../src/core/token.ts'
import { mailKeys, unsealToken } from '../../src/identity/mail/seal.ts'
import { cookieOf } from '../support/permission-matrix.ts'
import {
  addPersonWithPassword,
  emailOf,
  eventsOf,
  hashOf,
  oldPassword,
  openApp,
  post,
  sessionsOf,
  signIn,
} from '../support/reset.ts'
import { createAccount, createSkippingClock, type TestPerson } from '../support/test-app.ts'

const clock = createSkippingClock()
const app = await openApp({}, clock)
const accountId = await createAccount('Acme')

async function unproved(): Promise<TestPerson> {
  const person = await addPersonWithPassword(accountId, 'member')
  await env.DB.prepare('UPDATE user SET email_verified = 0 WHERE id = ?').bind(person.id).run()
  return person
}

const isProved = async ({ id }: Pick<TestPerson, 'id'>) =>
  (await env.DB.prepare('SELECT email_verified FROM user WHERE id = ?')
    .bind(id)
    .first('email_verified')) === 1

const ask = async (person: TestPerson) => {
  const cookie = await cookieOf(person, accountId)
  return post(app, '/api/auth/send-confirmation', undefined, { headers: { cookie } })
}

async function mailedTokens(email: string): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT id, sealed_token FROM mail WHERE to_address = ? AND template = 'confirm_address'`,
  )
    .bind(email)
    .all<{ id: string; sealed_token: string }>()
  const keys = await mailKeys(readSecretList('AUTH_SECRETS', env.AUTH_SECRETS))
  return Promise.all(results.map((row) => unsealToken(keys, row.sealed_token, row.id)))
}

async function tokenFor(person: TestPerson): Promise<string> {
  const { status, text } = await ask(person)
  if (status !== 200) throw new Error(text)
  const [token] = await mailedTokens(emailOf(person))
  if (token === undefined) throw new Error('No message.')
  return token
}

const confirm = (token: string, more: object = {}, headers: Record<string, string> = {}) =>
  post(app, '/api/auth/confirm-address', { token, ...more }, { headers })

describe('in a session of its user', () => {
  it('an address is confirmed, and all that they have stays', async () => {
    const person = await unproved()
    const token = await tokenFor(person)
    const cookie = await cookieOf(person, accountId)
    const before = (await sessionsOf(person)).length
    const { status, body } = await confirm(token, {}, { cookie })
    expect([status, body]).toEqual([200, { status: 'success', data: { email: emailOf(person) } }])
    expect(await isProved(person)).toBe(true)
    expect(await sessionsOf(person)).toHaveLength(before)
    expect((await signIn(app, person, oldPassword)).status).toBe(200)
    const [event] = await eventsOf(person, 'person.address_confirmed')
    expect(event).toMatchObject({
      ...{ account_id: accountId, actor_kind: 'person', actor_id: person.id },
      detail: { kept: true, address: expect.any(String), browser: 'A browser' },
    })
  })

  it('a link that is opened again says the same, and writes nothing', async () => {
    const person = await unproved()
    const token = await tokenFor(person)
    const cookie = await cookieOf(person, accountId)
    for (const from of [{ cookie }, { cookie }, {}] as Record<string, string>[]) {
      expect((await confirm(token, { remove_credentials: true }, from)).status).toBe(200)
    }
    expect(await eventsOf(person, 'person.address_confirmed')).toHaveLength(1)
    expect(await hashOf(person)).not.toBeNull()
  })

  it('nothing is sent to an address that is confirmed', async () => {
    const person = await addPersonWithPassword(accountId, 'member')
    expect((await ask(person)).status).toBe(200)
    expect(await mailedTokens(emailOf(person))).toEqual([])
  })

  it('no more than three messages go to an address in an hour', async () => {
    const person = await unproved()
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await ask(person)).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    expect(await mailedTokens(emailOf(person))).toHaveLength(3)
  })
})

describe('elsewhere', () => {
  it.each([
    ['without a session', async () => ({})],
    [
      'in the session of somebody else',
      async () => ({
        cookie: await cookieOf(await addPersonWithPassword(accountId, 'owner'), accountId),
      }),
    ],
  ])('%s, nothing changes unless that is asked for', async (_, headersOf) => {
    const person = await unproved()
    const token = await tokenFor(person)
    const before = [await hashOf(person), await sessionsOf(person)]
    const { status, body } = await confirm(token, {}, await headersOf())
    expect([status, body]).toMatchObject([
      409,
      { code: 'conflict', detail: expect.stringContaining(`Sign in as ${emailOf(person)}`) },
    ])
    expect([await hashOf(person), await sessionsOf(person)]).toEqual(before)
    expect(await isProved(person)).toBe(false)
  })

  it('all by which somebody could sign in is removed, and memberships stay', async () => {
    const person = await unproved()
    const token = await tokenFor(person)
    await env.DB.prepare(
      `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at)
       VALUES (?1, ?1, 'https://issuer.example', ?2, 1, 1)`,
    )
      .bind(crypto.randomUUID(), person.id)
      .run()
    expect((await confirm(token, { remove_credentials: true })).status).toBe(200)
    const { results } = await env.DB.prepare('SELECT * FROM account WHERE user_id = ?')
      .bind(person.id)
      .all()
    expect([results, await sessionsOf(person), await isProved(person)]).toEqual([[], [], true])
    expect((await signIn(app, person, oldPassword)).status).toBe(401)
    const members = env.DB.prepare('SELECT count(*) AS n FROM member WHERE user_id = ?')
    expect(await members.bind(person.id).first('n')).toBe(1)
    const [event] = await eventsOf(person, 'person.address_confirmed')
    expect(event?.detail).toMatchObject({ kept: false })
  })
})

describe('a link is refused', () => {
  it.each([
    ['that never was', async () => 'not-a-token'],
    [
      'of another address',
      async (person: TestPerson) => {
        const token = await tokenFor(person)
        await env.DB.prepare('UPDATE user SET email = ? WHERE id = ?')
          .bind(`${crypto.randomUUID()}@example.test`, person.id)
          .run()
        return token
      },
    ],
    [
      'of which a letter was changed',
      async (person: TestPerson) => {
        const token = await tokenFor(person)
        const at = token.length >> 1
        return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      },
    ],
  ])('%s', async (_, tokenOf) => {
    const person = await unproved()
    const { status, body } = await confirm(await tokenOf(person), { remove_credentials: true })
    expect([status, body]).toMatchObject([400, { errors: [{ path: 'token' }] }])
    expect(await isProved(person)).toBe(false)
  })

  it('after half an hour', async () => {
    const person = await unproved()
    const token = await tokenFor(person)
    clock.skip(30 * 60_000)
    expect((await confirm(token, { remove_credentials: true })).status).toBe(400)
  })

  it('from a page of another origin', async () => {
    const person = await unproved()
    const token = await tokenFor(person)
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await confirm(token, { remove_credentials: true }, headers)).status).toBe(403)
    expect(await isProved(person)).toBe(false)
  })
})

it('without mail there is none to ask for', async () => {
  const bare = await openApp({ DEV_MAIL: 'no' } as unknown as Partial<Env>)
  const cookie = await cookieOf(await unproved(), accountId)
  const answer = await post(bare, '/api/auth/send-confirmation', undefined, { headers: { cookie } })
  expect(answer.status).toBe(409)
})

describe('a mailed invitation', () => {
  const invited = async (email: string) => {
    const [id, token] = [crypto.randomUUID(), crypto.randomUUID()]
    const other = await createAccount('Globex')
    const owner = await addPersonWithPassword(other, 'owner')
    await env.DB.prepare(
      `INSERT INTO invitation (id, organization_id, email, role, status, expires_at, inviter_id, created_at, token_digest)
       VALUES (?, ?, ?, 'member', 'pending', ?, ?, 1, ?)`,
    )
      .bind(id, other, email, clock.now() + 3_600_000, owner.id, await digestOf(token))
      .run()
    return { id, token, accountId: other }
  }
  const join = (id: string, token: string) =>
    post(app, `/api/invitations/${id}/accept`, {
      name: 'The holder',
      password: 'a new one, long',
      token,
    })
  const accountsOf = async ({ id }: TestPerson) =>
    (
      await env.DB.prepare('SELECT organization_id AS id FROM member WHERE user_id = ?')
        .bind(id)
        .all()
    ).results.map((row) => row.id)

  it('takes the place of a user who never proved the address: what they had ends', async () => {
    const person = await unproved()
    await cookieOf(person, accountId)
    const { id, token, accountId: other } = await invited(emailOf(person))
    const { status, body } = await join(id, token)
    expect([status, body]).toMatchObject([201, { data: { user: { id: person.id } } }])
    expect(await sessionsOf(person)).toEqual([])
    expect([await isProved(person), await accountsOf(person)]).toEqual([true, [accountId, other]])
    expect((await signIn(app, person, oldPassword)).status).toBe(401)
    expect((await signIn(app, person, 'a new one, long')).status).toBe(200)
    expect(await eventsOf(person, 'person.address_confirmed')).toMatchObject([
      { detail: { kept: false } },
      { detail: { kept: false } },
    ])
  })

  it('is accepted by one of many at once', async () => {
    const person = await unproved()
    const { id, token, accountId: other } = await invited(emailOf(person))
    const answers = await Promise.all(Array.from({ length: 4 }, () => join(id, token)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
    expect(await accountsOf(person)).toEqual([accountId, other])
  })

  it('does not serve who is in a session of another road: a proved user signs in and accepts', async () => {
    const person = await addPersonWithPassword(accountId, 'member')
    const { id, token } = await invited(emailOf(person))
    expect((await join(id, token)).status).toBe(409)
    expect((await signIn(app, person, oldPassword)).status).toBe(200)
  })

  it('with another token changes nothing', async () => {
    const person = await unproved()
    const { id } = await invited(emailOf(person))
    expect((await join(id, crypto.randomUUID())).status).toBe(403)
    expect([await isProved(person), await accountsOf(person)]).toEqual([false, [accountId]])
  })
})

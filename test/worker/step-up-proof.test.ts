// How a session proves its person: at sign-in and at step-up, and what its JWTs say of it.
import { hashPassword } from 'better-auth/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { isSteppedUp } from '../../src/core/step-up.ts'
import { type Account, openAccount, outcome } from '../support/account.ts'
import {
  cookieOf,
  fromOwnPage,
  givePassword,
  makeSigningKey,
} from '../support/permission-matrix.ts'
import {
  addPerson,
  createTestApp,
  jwtFor,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

const password = 'correct horse battery'
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000

let app: TestApp
let account: Account
let hash: string
beforeAll(async () => {
  app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
  await makeSigningKey(app)
  account = await openAccount()
  hash = await hashPassword(password)
  await givePassword(account.owner, hash)
})

type Credential = Record<string, string>

const bySession = async (person: TestPerson, provedAt: number | null): Promise<Credential> => ({
  cookie: await cookieOf(person, account.id, provedAt),
  ...fromOwnPage,
})
const stepUp = (headers: Credential, body: object = { password }) =>
  app.request('POST', '/api/auth/step-up', { headers, body })
const create = (headers: Credential) =>
  app.request('POST', '/api/api-keys', { headers, body: { name: 'X', scopes: ['keys:verify'] } })

describe('POST /api/auth/step-up', () => {
  it('answers until when, and nothing may store it', async () => {
    const { status, body, headers } = await stepUp(await bySession(account.owner, null))
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({ status: 'success', data: { expires_at: expect.any(String) } })
    const seconds = (Date.parse(body.data.expires_at) - Date.now()) / 1_000
    expect(seconds).toBeGreaterThan(540)
    expect(seconds).toBeLessThanOrEqual(600)
  })

  it('proves this session of the person, and no other', async () => {
    const [one, other] = [
      await bySession(account.owner, null),
      await bySession(account.owner, null),
    ]
    expect(await outcome(stepUp(one))).toBe('200')
    expect(await outcome(create(other))).toBe('403 step_up_required')
    expect(await outcome(create(one))).toBe('201')
  })

  it('takes a session only, its password, and no other field', async () => {
    const session = await bySession(account.owner, null)
    expect(await outcome(stepUp({}))).toBe('401 missing_credential')
    expect(await outcome(stepUp({}, {}))).toBe('401 missing_credential')
    expect(
      await outcome(
        stepUp({ authorization: `Bearer ${await jwtFor(account.owner.id, account.id, null)}` }),
      ),
    ).toBe('403 forbidden')
    const foreign = { ...session, origin: 'https://evil.example' }
    expect(await outcome(stepUp(foreign))).toBe('403 forbidden')
    for (const body of [
      {},
      { password: 1 },
      { password, more: 1 },
      { password: 'x'.repeat(999) },
    ]) {
      expect(await outcome(stepUp(session, body))).toBe('400 invalid_request')
    }
    expect(await outcome(stepUp(session, { password: 'wrong' }))).toBe('403 forbidden')
    expect(await outcome(create(session))).toBe('403 step_up_required')
  })

  it('counts guesses, so a stolen session cannot guess the password', async () => {
    const strict = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '3' as never } })
    const person = await addPerson(account.id, 'owner')
    await givePassword(person, hash)
    const headers = await bySession(person, null)
    const guess = (body: object) => strict.request('POST', '/api/auth/step-up', { headers, body })
    for (let at = 0; at < 3; at++) {
      expect(await outcome(guess({ password: 'a guess' }))).toBe('403 forbidden')
    }
    const refused = await guess({ password })
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await outcome(guess({ password }))).toBe('429 rate_limited')
  })
})

describe('a sign-in', () => {
  const signIn = async (person: TestPerson): Promise<Credential> => {
    const body = { email: `${person.id}@example.test`, password }
    const answer = await app.request('POST', '/api/auth/sign-in/email', {
      headers: fromOwnPage,
      body,
    })
    const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0])
    return { cookie: cookie.join('; '), ...fromOwnPage }
  }
  const jwtOf = async (headers: Credential): Promise<string> =>
    (await app.request('GET', '/api/auth/token', { headers })).body.token
  const claimsOf = (jwt: string) =>
    JSON.parse(
      new TextDecoder().decode(
        Uint8Array.fromBase64(jwt.split('.')[1] ?? '', { alphabet: 'base64url' }),
      ),
    )

  it('counts, and its JWT says when it was', async () => {
    const session = await signIn(account.owner)
    expect(await outcome(create(session))).toBe('201')
    const jwt = await jwtOf(session)
    expect(Math.abs(claimsOf(jwt).auth_time - Date.now() / 1_000)).toBeLessThan(60)
    expect(await outcome(create({ authorization: `Bearer ${jwt}` }))).toBe('201')
  })

  it('of long ago is not renewed by a new JWT, but by step-up', async () => {
    const provedAt = minutesAgo(11)
    const session = await bySession(account.owner, provedAt)
    const old = await jwtOf(session)
    expect(claimsOf(old).auth_time).toBe(Math.floor(provedAt / 1_000))
    expect(await outcome(create({ authorization: `Bearer ${old}` }))).toBe('403 step_up_required')
    await stepUp(session)
    const jwt = await jwtOf(session)
    expect(await outcome(create({ authorization: `Bearer ${jwt}` }))).toBe('201')
  })

  it('of before the migration is in no JWT', async () => {
    expect(claimsOf(await jwtOf(await bySession(account.owner, null)))).not.toHaveProperty(
      'auth_time',
    )
  })

  it('is no field that a request can set', async () => {
    const session = await bySession(account.owner, null)
    const body = { name: 'Me', provedAt: Date.now() }
    const update = app.request('POST', '/api/auth/update-user', { headers: session, body })
    expect(await outcome(update)).toBe('400 invalid_request')
    expect(await outcome(create(session))).toBe('403 step_up_required')
  })
})

describe('a proof', () => {
  const now = 1_800_000_000_000
  it.each([
    ['of now', now, true],
    ['of almost ten minutes ago', now - 599_999, true],
    ['of ten minutes ago', now - 600_000, false],
    ['of a clock that is a little ahead', now + 60_000, true],
    ['of the future', now + 60_001, false],
    ['that there is not', null, false],
    ['that is no number', Number.NaN, false],
  ])('%s: %s', (_, provedAt, expected) => {
    expect(isSteppedUp(provedAt, now)).toBe(expected)
  })
})

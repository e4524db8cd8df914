// Recovery codes: ten of 80 bits, each of which completes one sign-in.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { mintRecoveryCode, readRecoveryCode } from '../../src/core/recovery-code.ts'
import { outcome } from '../support/account.ts'
import {
  awaitingCookie,
  complete,
  cookiesOf,
  enrolOverHttp,
  newPerson,
  signIn,
} from '../support/factors.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import { createAccount, createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const bindings = { SIGN_IN_PER_MINUTE: '100000', DEV_MAIL: 'yes' } as unknown as Partial<Env>
const app = await createTestApp({ bindings })
const accountId = await createAccount('Acme Inc')

const rows = async (sql: string, ...values: unknown[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results

async function withCodes() {
  const person = await newPerson(accountId)
  const own = await cookieOf(person, accountId)
  const { codes } = await enrolOverHttp(app, own)
  const [first = '', second = ''] = codes
  return { person, own, codes, first, second }
}

const renew = (cookie: string) =>
  app.request('POST', '/api/auth/factors/recovery-codes', { headers: { cookie, ...fromOwnPage } })

describe('a recovery code', () => {
  it('completes a sign-in, and tells its person', async () => {
    const { person, own, first } = await withCodes()
    const half = await signIn(app, person)
    expect(half.body).toEqual({ awaits_factor: ['totp', 'recovery_code'] })
    const whole = await complete(app, cookiesOf(half), { recovery_code: first })
    expect(whole.status, whole.text).toBe(200)
    const [session] = await rows(
      'SELECT * FROM session WHERE user_id = ? ORDER BY rowid DESC',
      person.id,
    )
    expect(session).toMatchObject({ signed_in_with: 'password+recovery_code', awaits_factor: 0 })
    const factors = await app.request('GET', '/api/auth/factors', { headers: { cookie: own } })
    expect(factors.body.data.recovery_codes.left).toBe(9)
    const events = await rows('SELECT action FROM audit_event WHERE subject_id = ?', person.id)
    expect(events.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['person.signed_in', 'recovery_code.used']),
    )
    const mail = await rows('SELECT data FROM mail WHERE user_id = ?', person.id)
    expect(mail.map(({ data }) => JSON.parse(String(data)).change)).toContain('recovery_code_used')
  })

  it('works once', async () => {
    const { person, first } = await withCodes()
    const [one, other] = [await awaitingCookie(app, person), await awaitingCookie(app, person)]
    expect(await outcome(complete(app, one, { recovery_code: first }))).toBe('200')
    expect(await outcome(complete(app, other, { recovery_code: first }))).toBe('403 forbidden')
  })

  it('works once, of any number of uses at once', async () => {
    const { person, first } = await withCodes()
    const cookies = await Promise.all(Array.from({ length: 5 }, () => awaitingCookie(app, person)))
    const uses = cookies.map((each) => outcome(complete(app, each, { recovery_code: first })))
    expect((await Promise.all(uses)).sort()).toEqual(['200', ...Array(4).fill('403 forbidden')])
    const used = await rows(
      'SELECT used_at FROM recovery_code WHERE user_id = ? AND used_at > 0',
      person.id,
    )
    expect(used).toHaveLength(1)
  })

  it('is read as people type it', async () => {
    const { person, first } = await withCodes()
    const typed = ` ${first.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')} `
    const cookie = await awaitingCookie(app, person)
    expect(await outcome(complete(app, cookie, { recovery_code: typed }))).toBe('200')
  })

  it('is of its person only', async () => {
    const [mine, theirs] = [await withCodes(), await withCodes()]
    const cookie = await awaitingCookie(app, mine.person)
    for (const recovery_code of [theirs.first, '', 'x', mine.first.slice(1), `${mine.first}0`]) {
      expect(await outcome(complete(app, cookie, { recovery_code }))).toBe('403 forbidden')
    }
  })

  it('ends where new ones are made, and with the last factor', async () => {
    const { person, own, first, second } = await withCodes()
    const renewed = await renew(own)
    expect(new Set(renewed.body.data.recovery_codes).size).toBe(10)
    const cookie = await awaitingCookie(app, person)
    expect(await outcome(complete(app, cookie, { recovery_code: first }))).toBe('403 forbidden')
    const [next] = renewed.body.data.recovery_codes
    expect(await outcome(complete(app, cookie, { recovery_code: next }))).toBe('200')
    const headers = { cookie: own, ...fromOwnPage }
    await app.request('DELETE', '/api/auth/factors/totp', { headers })
    expect(await rows('SELECT * FROM recovery_code WHERE user_id = ?', person.id)).toEqual([])
    expect(await outcome(renew(own))).toBe('409 conflict')
    expect([first, second]).not.toContain(next)
  })

  it('is guessed at no more than ten times from one network, and freely from another', async () => {
    const { person, first } = await withCodes()
    const cookie = await awaitingCookie(app, person)
    const guess = (recovery_code: string, ip: string) =>
      outcome(complete(app, cookie, { recovery_code }, ip))
    const wrong = '0000-0000-0000-0000'
    for (let at = 0; at < 10; at++) expect(await guess(wrong, '192.0.2.7')).toBe('403 forbidden')
    expect(await guess(first, '192.0.2.7')).toBe('429 rate_limited')
    expect(await guess(first, '192.0.3.7')).toBe('200')
  })

  it('still works under a secret that is being replaced, and not after it', async () => {
    const { person, first, second } = await withCodes()
    const [present] = env.AUTH_SECRETS.split(',')
    const fresh = 'another-auth-secret-of-32-characters-or-more'
    const at = (AUTH_SECRETS: string) =>
      createTestApp({ bindings: { ...app.bindings, AUTH_SECRETS } as never })
    const [both, newest] = [await at(`${fresh},${present}`), await at(fresh)]
    const use = async (of: typeof app, recovery_code: string) =>
      outcome(complete(of, await awaitingCookie(of, person), { recovery_code }))
    expect(await use(newest, first)).toBe('403 forbidden')
    expect(await use(both, second)).toBe('200')
  })
})

describe('the form of a code', () => {
  it('is sixteen letters of 32, each from five random bits', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, at) => at * 17)
    expect(mintRecoveryCode(() => bytes)).toBe('0h2k-4n6q-8sav-cxez')
  })

  it.each([
    ['0h2k-4n6q-8rat-cwey', '0h2k4n6q8ratcwey'],
    ['OH2K 4N6Q 8RAT CWEY', '0h2k4n6q8ratcwey'],
    ['ilil-ilil-ilil-ilil', '1111111111111111'],
    ['0h2k-4n6q-8rat-cwe', null],
    ['0h2k-4n6q-8rat-cweyy', null],
    ['0h2k-4n6q-8rat-cweu', null],
    ['', null],
  ])('%s is read as %s', (text, code) => {
    expect(readRecoveryCode(text)).toBe(code)
  })
})

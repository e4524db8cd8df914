// Step-up takes the strongest that a person has enrolled, and nothing weaker.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { noEffects } from '../../src/storage/factor-notice.ts'
import { passwordOf, proveSessionBy } from '../../src/storage/proof-store.ts'
import { outcome } from '../support/account.ts'
import { newAuthenticator } from '../support/authenticator.ts'
import {
  awaitingCookie,
  codeOf,
  complete,
  cookiesOf,
  enrolApp,
  enrolPasskey,
  newPerson,
  optionsFor,
} from '../support/factors.ts'
import { down } from '../support/outage.ts'
import { cookieOf, fromOwnPage, password } from '../support/permission-matrix.ts'
import { addPerson, createAccount, createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
const accountId = await createAccount('Acme Inc')
const send = (cookie: string, method: string, path: string, body?: object) =>
  app.request(method, path, { headers: { cookie, ...fromOwnPage }, ...(body && { body }) })
const stepUp = (cookie: string, body: object) =>
  outcome(send(cookie, 'POST', '/api/auth/step-up', body))
/** What only a proved session does. */
const guarded = (cookie: string) =>
  outcome(send(cookie, 'POST', '/api/api-keys', { name: 'X', scopes: ['keys:verify'] }))
const rows = async (sql: string, ...values: unknown[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results

const enrolments = ['nothing', 'totp', 'passkey', 'both'] as const

/** With a password, and a session that has not proved its person. */
async function personWith(enrolled: (typeof enrolments)[number]) {
  const person = await newPerson(accountId)
  const authenticator = await newAuthenticator()
  const secret = ['totp', 'both'].includes(enrolled) ? await enrolApp(person) : null
  if (['passkey', 'both'].includes(enrolled)) {
    await enrolPasskey(app, await cookieOf(person, accountId), authenticator)
  }
  const cookie = await cookieOf(person, accountId, null)
  const proofs = {
    password: async () => ({ password }),
    code: async () => ({ code: secret === null ? '000000' : codeOf(secret) }),
    passkey: async () => {
      const options = await optionsFor(app, cookie, '/step-up')
      return { passkey: await authenticator.get(options) }
    },
  }
  return { person, cookie, proofs, secret, authenticator }
}

describe('step-up by', () => {
  const takes = { nothing: 'password', totp: 'code', passkey: 'passkey', both: 'passkey' } as const

  it.each(enrolments)('the strongest, of who has %s beside a password', async (enrolled) => {
    const { person, cookie, proofs } = await personWith(enrolled)
    const strongest = takes[enrolled]
    const { step_up } = (await send(cookie, 'GET', '/api/auth/factors')).body.data
    expect(step_up).toBe(strongest === 'code' ? 'totp' : strongest)
    for (const name of ['password', 'code', 'passkey'] as const) {
      if (name === strongest || (name === 'passkey' && !['passkey', 'both'].includes(enrolled)))
        continue
      const refused = await send(cookie, 'POST', '/api/auth/step-up', await proofs[name]())
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
      expect(refused.body.detail).toContain(`\`${strongest}\``)
      expect(await guarded(cookie)).toBe('403 step_up_required')
    }
    expect(await stepUp(cookie, await proofs[strongest]())).toBe('200')
    expect(await guarded(cookie)).toBe('201')
    const events = await rows(
      `SELECT detail FROM audit_event WHERE subject_id = ? AND action = 'person.stepped_up'`,
      person.id,
    )
    expect(events.map(({ detail }) => JSON.parse(String(detail)).method)).toEqual([
      strongest === 'code' ? 'totp' : strongest,
    ])
  })

  it('nothing is left to who has neither a password nor a factor', async () => {
    const person = await addPerson(accountId, 'owner')
    const cookie = await cookieOf(person, accountId, null)
    const refused = await send(cookie, 'POST', '/api/auth/step-up', { password })
    expect([refused.status, refused.body.detail]).toEqual([
      403,
      'You have neither a password nor a second factor: sign in again.',
    ])
    const options = send(cookie, 'POST', '/api/auth/step-up/options')
    expect(await outcome(options)).toBe('409 conflict')
  })

  it('one code once, also where it has completed a sign-in', async () => {
    const { person, cookie, secret } = await personWith('totp')
    const code = codeOf(secret ?? '')
    expect(await stepUp(cookie, { code })).toBe('200')
    expect(await stepUp(cookie, { code })).toBe('403 forbidden')
    const half = await awaitingCookie(app, person)
    expect(await outcome(complete(app, half, { code }))).toBe('403 forbidden')
    expect(await outcome(complete(app, half, { code: codeOf(secret ?? '', 1) }))).toBe('200')
    expect(await stepUp(cookie, { code: codeOf(secret ?? '', 1) })).toBe('403 forbidden')
  })

  it('one code, of two sessions at once', async () => {
    const { person, cookie, secret } = await personWith('totp')
    const code = codeOf(secret ?? '')
    const other = await cookieOf(person, accountId, null)
    const both = await Promise.all([stepUp(cookie, { code }), stepUp(other, { code })])
    expect(both.sort()).toEqual(['200', '403 forbidden'])
    const proved = await rows(
      'SELECT id FROM session WHERE user_id = ? AND proved_at > 0',
      person.id,
    )
    expect(proved).toHaveLength(1)
  })

  it('an answer to the options of this session', async () => {
    const { person, cookie, authenticator } = await personWith('passkey')
    const other = await cookieOf(person, accountId, null)
    const passkey = await authenticator.get(await optionsFor(app, other, '/step-up'))
    expect(await stepUp(cookie, { passkey })).toBe('403 forbidden')
    expect(await stepUp(other, { passkey })).toBe('200')
    expect(await stepUp(other, { passkey })).toBe('403 forbidden')
  })

  it('no session that awaits its factor', async () => {
    const { person, secret } = await personWith('totp')
    const half = await awaitingCookie(app, person)
    expect(await stepUp(half, { code: codeOf(secret ?? '') })).toBe('401 missing_credential')
  })

  it('one proof in a request, and no recovery code', async () => {
    const { cookie } = await personWith('nothing')
    for (const body of [
      {},
      { password, code: '123456' },
      { recovery_code: 'x' },
      { passkey: 'x' },
      { password, more: 1 },
    ]) {
      expect(await stepUp(cookie, body)).toBe('400 invalid_request')
    }
  })

  it('guesses at codes is refused after ten, and uses up nothing of sign-in', async () => {
    const { person, cookie, secret } = await personWith('totp')
    for (let at = 0; at < 10; at++) {
      expect(await stepUp(cookie, { code: '000000' })).toBe('403 forbidden')
    }
    expect(await stepUp(cookie, { code: codeOf(secret ?? '') })).toBe('429 rate_limited')
    const half = await awaitingCookie(app, person)
    expect(await outcome(complete(app, half, { code: codeOf(secret ?? '') }))).toBe('200')
  })

  it('is not known while D1 is down', async () => {
    const { cookie, secret } = await personWith('totp')
    const broken = await createTestApp({ bindings: { ...app.bindings, ...down(['DB']) } })
    const body = { code: codeOf(secret ?? '') }
    const headers = { cookie, ...fromOwnPage }
    const sent = broken.request('POST', '/api/auth/step-up', { headers, body })
    expect(await outcome(sent)).toBe('503 authority_unavailable')
  })
})

describe('a completed sign-in counts as step-up', () => {
  it('by an authenticator app, and by a recovery code, with which lost factors are replaced', async () => {
    const { person, secret } = await personWith('totp')
    const half = await awaitingCookie(app, person)
    const done = await complete(app, half, { code: codeOf(secret ?? '') })
    const cookie = cookiesOf(done, /session_token/)
    expect(await guarded(cookie)).toBe('201')
    const renewed = await send(cookie, 'POST', '/api/auth/factors/recovery-codes')
    const [recovery_code] = renewed.body.data.recovery_codes
    const again = await complete(app, await awaitingCookie(app, person), { recovery_code })
    const recovered = cookiesOf(again, /session_token/)
    expect(await outcome(send(recovered, 'DELETE', '/api/auth/factors/totp'))).toBe('200')
  })
})

it('a password that was right before a factor was enrolled proves nothing after it', async () => {
  const { person, cookie } = await personWith('nothing')
  const [session] = await rows('SELECT id FROM session WHERE user_id = ?', person.id)
  const prove = () =>
    proveSessionBy(env.DB, String(session?.id), passwordOf(person.id), noEffects, Date.now())
  await enrolApp(person)
  expect(await prove()).toBe('wrong')
  expect(await guarded(cookie)).toBe('403 step_up_required')
  await rows('DELETE FROM totp WHERE user_id = ?', person.id)
  expect(await prove()).toBe('done')
  expect(await guarded(cookie)).toBe('201')
})

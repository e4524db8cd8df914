// Enrolling a stronger factor ends the step-up of the person's other sessions, and of their JWTs.
import { describe, expect, it } from 'vitest'
import { outcome } from '../support/account.ts'
import { newAuthenticator } from '../support/authenticator.ts'
import { enrolOverHttp, enrolPasskey, newPerson } from '../support/factors.ts'
import { cookieOf, fromOwnPage, makeSigningKey, password } from '../support/permission-matrix.ts'
import { createAccount, createTestApp } from '../support/test-app.ts'

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
await makeSigningKey(app)
const accountId = await createAccount('Acme Inc')
const send = (cookie: string, method: string, path: string, body?: object) =>
  app.request(method, path, { headers: { cookie, ...fromOwnPage }, ...(body && { body }) })
/** What only a proved session does. */
const guarded = (cookie: string) =>
  outcome(send(cookie, 'POST', '/api/api-keys', { name: 'X', scopes: ['keys:verify'] }))

describe('a factor that another session enrols', () => {
  const jwtOf = async (cookie: string): Promise<string> =>
    (await send(cookie, 'GET', '/api/auth/token')).body.token
  const guardedByJwt = (as: string) => {
    const body = { name: 'X', scopes: ['keys:verify'] }
    return outcome(app.request('POST', '/api/api-keys', { as, body }))
  }
  const enrol = {
    totp: enrolOverHttp,
    passkey: async (_: typeof app, cookie: string) =>
      enrolPasskey(app, cookie, await newAuthenticator()),
  }

  it.each(['totp', 'passkey'] as const)('ends the step-up of the password: %s', async (factor) => {
    const person = await newPerson(accountId)
    const other = await cookieOf(person, accountId)
    const own = await cookieOf(person, accountId)
    const before = await jwtOf(other)
    const jwt = await jwtOf(own)
    expect(await guarded(other)).toBe('201')
    expect(await guardedByJwt(before)).toBe('201')
    await enrol[factor](app, own)

    const key = { name: 'X', scopes: ['keys:manage'] }
    const passwords = { currentPassword: password, newPassword: 'another long password' }
    for (const [method, path, body] of [
      ['POST', '/api/api-keys', key],
      ['POST', '/api/auth/factors/recovery-codes', undefined],
      ['DELETE', '/api/auth/factors/totp', undefined],
      ['POST', '/api/auth/change-password', passwords],
    ] as const) {
      const refused = await outcome(send(other, method, path, body))
      expect([path, refused]).toEqual([path, '403 step_up_required'])
    }
    for (const late of [before, await jwtOf(other)]) {
      expect(await guardedByJwt(late)).toBe('403 step_up_required')
    }
    expect(await guarded(own)).toBe('201')
    expect(await guardedByJwt(jwt)).toBe('201')
  })

  it('takes nothing away beside a passkey, since none is stronger', async () => {
    const person = await newPerson(accountId)
    const own = await cookieOf(person, accountId)
    await enrol.passkey(app, own)
    const other = await cookieOf(person, accountId)
    await enrol.totp(app, own)
    await enrol.passkey(app, own)
    expect(await guarded(other)).toBe('201')
  })

  it('is enrolled by its code alone: a wrong one ends nothing', async () => {
    const person = await newPerson(accountId)
    const other = await cookieOf(person, accountId)
    const own = await cookieOf(person, accountId)
    await send(own, 'POST', '/api/auth/factors/totp')
    const wrong = send(own, 'POST', '/api/auth/factors/totp/confirm', { code: '000000' })
    expect(await outcome(wrong)).toBe('403 forbidden')
    expect(await guarded(other)).toBe('201')
  })
})

// Passkeys: enrolled, signed in with alone, as a second factor, and refused where an answer is not what it should be.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { newChallenge, readChallenge } from '../../src/identity/factors/challenge.ts'
import { outcome } from '../support/account.ts'
import { type Lies, newAuthenticator } from '../support/authenticator.ts'
import {
  awaitingCookie,
  complete,
  cookiesOf,
  emailOf,
  enrolPasskey,
  newPerson,
  optionsFor,
  signIn,
  signInByPasskey,
  someAddress,
} from '../support/factors.ts'
import { down } from '../support/outage.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import { createAccount, createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const bindings = { SIGN_IN_PER_MINUTE: '100000', DEV_MAIL: 'yes' } as unknown as Partial<Env>
const app = await createTestApp({ bindings })
const accountId = await createAccount('Acme Inc')

const send = (cookie: string, method: string, path: string, body?: object) =>
  app.request(method, `/api/auth${path}`, {
    headers: { cookie, ...fromOwnPage, 'cf-connecting-ip': someAddress() },
    ...(body && { body }),
  })
const rows = async (sql: string, ...values: unknown[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results
const factorsOf = async (cookie: string) => (await send(cookie, 'GET', '/factors')).body.data

/** A person with a passkey, and a session of before. */
async function withPasskey(options: { counts?: boolean } = {}) {
  const person = await newPerson(accountId)
  const own = await cookieOf(person, accountId)
  const authenticator = await newAuthenticator(options)
  const enrolled = await enrolPasskey(app, own, authenticator)
  if (enrolled.status !== 201) throw new Error(enrolled.text)
  return { person, own, authenticator, id: enrolled.body.data.passkey.id as string }
}

describe('enrolling', () => {
  it('offers options for this host and this person', async () => {
    const person = await newPerson(accountId)
    const cookie = await cookieOf(person, accountId)
    const options = await optionsFor(app, cookie, '/factors/passkeys')
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: emailOf(person) },
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { userVerification: 'preferred' },
    })
    const again = await optionsFor(app, cookie, '/factors/passkeys')
    expect(again.challenge).not.toBe(options.challenge)
  })

  it('shows the passkey, and with the first factor ten recovery codes', async () => {
    const person = await newPerson(accountId)
    const cookie = await cookieOf(person, accountId)
    const first = await newAuthenticator()
    const { status, body, headers } = await enrolPasskey(app, cookie, first, 'My laptop')
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store'])
    const { passkey, recovery_codes } = body.data
    expect(passkey).toMatchObject({ name: 'My laptop', is_backed_up: true, last_used_at: null })
    expect(recovery_codes).toHaveLength(10)
    const second = await enrolPasskey(app, cookie, await newAuthenticator())
    expect(second.body.data).toMatchObject({ passkey: { name: 'Passkey' }, recovery_codes: null })
    expect(await factorsOf(cookie)).toMatchObject({
      passkeys: [passkey, { name: 'Passkey' }],
      recovery_codes: { left: 10 },
      step_up: 'passkey',
    })
    const { excludeCredentials } = await optionsFor(app, cookie, '/factors/passkeys')
    expect(excludeCredentials.map(({ id }: { id: string }) => id)).toContain(first.id)
  })

  it('is renamed and removed, with an event in the account and a message', async () => {
    const { person, own, id } = await withPasskey()
    const renamed = await send(own, 'PATCH', `/factors/passkeys/${id}`, { name: ' A phone ' })
    expect(renamed.body.data).toMatchObject({ id, name: 'A phone' })
    await send(own, 'PATCH', `/factors/passkeys/${id}`, { name: 'A phone' })
    expect(await outcome(send(own, 'DELETE', `/factors/passkeys/${id}`))).toBe('200')
    const events = await rows(
      `SELECT action, detail FROM audit_event WHERE subject_id = ? AND action LIKE 'factor.%' ORDER BY created_at, rowid`,
      person.id,
    )
    expect(events.map(({ action, detail }) => [action, JSON.parse(String(detail)).name])).toEqual([
      ['factor.enrolled', 'Passkey'],
      ['factor.renamed', 'A phone'],
      ['factor.removed', 'A phone'],
    ])
    const mail = await rows('SELECT data FROM mail WHERE user_id = ? ORDER BY rowid', person.id)
    expect(mail.map(({ data }) => JSON.parse(String(data)).change)).toEqual([
      'passkey_enrolled',
      'passkey_removed',
    ])
    expect(await factorsOf(own)).toMatchObject({ passkeys: [], recovery_codes: null })
  })

  it('is not removed where nothing else is left to sign in with', async () => {
    const { person, own, id } = await withPasskey()
    await rows('DELETE FROM account WHERE user_id = ?', person.id)
    const remove = (which: string) => outcome(send(own, 'DELETE', `/factors/passkeys/${which}`))
    expect(await remove(id)).toBe('409 conflict')
    const another = await enrolPasskey(app, own, await newAuthenticator())
    expect(await remove(id)).toBe('200')
    expect(await remove(another.body.data.passkey.id)).toBe('409 conflict')
    expect((await factorsOf(own)).passkeys).toHaveLength(1)
  })

  it('is not removed where only a security key without a PIN is left, until that verifies its user', async () => {
    const { person, own, id } = await withPasskey()
    const key = await newAuthenticator()
    const lies = { isUnverified: true }
    const options = await optionsFor(app, own, '/factors/passkeys')
    await send(own, 'POST', '/factors/passkeys', { passkey: await key.create(options, lies) })
    await rows('DELETE FROM account WHERE user_id = ?', person.id)
    const remove = () => outcome(send(own, 'DELETE', `/factors/passkeys/${id}`))
    expect(await remove()).toBe('409 conflict')
    expect(await outcome(signInByPasskey(app, key))).toBe('200')
    expect(await remove()).toBe('200')
  })

  it('of others is not found, neither to rename nor to remove', async () => {
    const [mine, theirs] = [await withPasskey(), await withPasskey()]
    const path = `/factors/passkeys/${theirs.id}`
    expect(await outcome(send(mine.own, 'PATCH', path, { name: 'Mine' }))).toBe('404 not_found')
    expect(await outcome(send(mine.own, 'DELETE', path))).toBe('404 not_found')
    expect((await factorsOf(theirs.own)).passkeys).toMatchObject([{ name: 'Passkey' }])
  })

  it('takes each passkey once, of whomever, and twenty of a person', async () => {
    const { own, authenticator } = await withPasskey()
    expect(await outcome(enrolPasskey(app, own, authenticator))).toBe('409 conflict')
    const other = await cookieOf(await newPerson(accountId), accountId)
    expect(await outcome(enrolPasskey(app, other, authenticator))).toBe('409 conflict')
    for (let count = 2; count <= 20; count++) {
      expect((await enrolPasskey(app, own, await newAuthenticator())).status).toBe(201)
    }
    expect(await outcome(enrolPasskey(app, own, await newAuthenticator()))).toBe('409 conflict')
  })

  it('needs step-up', async () => {
    const { person, id } = await withPasskey()
    const stale = await cookieOf(person, accountId, null)
    for (const [method, path, body] of [
      ['POST', '/factors/passkeys/options'],
      ['POST', '/factors/passkeys', { passkey: {} }],
      ['PATCH', `/factors/passkeys/${id}`, { name: 'X' }],
      ['DELETE', `/factors/passkeys/${id}`],
    ] as const) {
      expect(await outcome(send(stale, method, path, body))).toBe('403 step_up_required')
    }
  })

  const wrong: Record<string, Lies> = {
    'of another site': { origin: 'https://evil.example' },
    'of another port': { origin: 'http://localhost:3000' },
    'for another host': { rpId: 'evil.example' },
    'in a frame of another site': { crossOrigin: true },
    'of another ceremony': { type: 'webauthn.get' },
    'to a challenge that is not ours': { challenge: 'AAAA' },
    'without anybody present': { isAbsent: true },
  }
  it.each(Object.entries(wrong))('refuses an answer %s', async (_, lies) => {
    const cookie = await cookieOf(await newPerson(accountId), accountId)
    const authenticator = await newAuthenticator()
    const passkey = await authenticator.create(
      await optionsFor(app, cookie, '/factors/passkeys'),
      lies,
    )
    const enrol = send(cookie, 'POST', '/factors/passkeys', { passkey })
    expect(await outcome(enrol)).toBe('403 forbidden')
    expect(await factorsOf(cookie)).toMatchObject({ passkeys: [], recovery_codes: null })
  })

  it('takes an answer once, and only of the person to whom the options were given', async () => {
    const [one, other] = [await newPerson(accountId), await newPerson(accountId)]
    const [mine, theirs] = [await cookieOf(one, accountId), await cookieOf(other, accountId)]
    const options = await optionsFor(app, mine, '/factors/passkeys')
    const passkey = await (await newAuthenticator()).create(options)
    const enrol = (cookie: string, given = passkey) =>
      outcome(send(cookie, 'POST', '/factors/passkeys', { passkey: given }))
    expect(await enrol(theirs)).toBe('403 forbidden')
    const second = await (await newAuthenticator()).create(options)
    const both = await Promise.all([enrol(mine), enrol(mine, second)])
    expect(both.sort()).toEqual(['201', '403 forbidden'])
    expect((await factorsOf(mine)).passkeys).toHaveLength(1)
  })

  it('takes a security key without a PIN, which does not stand alone', async () => {
    const person = await newPerson(accountId)
    const cookie = await cookieOf(person, accountId)
    const key = await newAuthenticator()
    const lies = { isUnverified: true }
    const passkey = await key.create(await optionsFor(app, cookie, '/factors/passkeys'), lies)
    expect(await outcome(send(cookie, 'POST', '/factors/passkeys', { passkey }))).toBe('201')
    expect(await outcome(signInByPasskey(app, key, lies))).toBe('401 invalid_token')
    const half = await awaitingCookie(app, person)
    const options = await optionsFor(app, half, '/factor')
    const proof = { passkey: await key.get(options, { ...lies, userHandle: null }) }
    expect(await outcome(complete(app, half, proof))).toBe('200')
  })

  it('ignores what else an answer holds, and no field beside it', async () => {
    const cookie = await cookieOf(await newPerson(accountId), accountId)
    const passkey = await (await newAuthenticator()).create(
      await optionsFor(app, cookie, '/factors/passkeys'),
    )
    const more = { ...passkey, authenticatorAttachment: 'platform', extra: { any: 1 } }
    const enrol = (body: object) => outcome(send(cookie, 'POST', '/factors/passkeys', body))
    expect(await enrol({ passkey: more, more: 1 })).toBe('400 invalid_request')
    expect(await enrol({ passkey: { ...more, response: {} } })).toBe('400 invalid_request')
    expect(await enrol({ passkey: more })).toBe('201')
  })
})

describe('signing in by a passkey alone', () => {
  it('begins a whole session that has proved its person', async () => {
    const { person, authenticator } = await withPasskey()
    const options = await optionsFor(app, null, '/sign-in/passkey')
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(options).not.toHaveProperty('allowCredentials')
    const signed = await signInByPasskey(app, authenticator)
    expect([signed.status, signed.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(signed.body.data.user).toMatchObject({ id: person.id, email: emailOf(person) })
    const session = await send(cookiesOf(signed), 'GET', '/get-session')
    expect(session.body.session).toMatchObject({
      signedInWith: 'passkey',
      activeOrganizationId: accountId,
      provedAt: expect.any(String),
    })
    expect(cookiesOf(signed, /device/)).not.toBe('')
    const list = await factorsOf(cookiesOf(signed, /session_token/))
    expect(list.passkeys[0].last_used_at).not.toBeNull()
  })

  const wrong: Record<string, Lies> = {
    'of another site': { origin: 'https://evil.example' },
    'for another host': { rpId: 'evil.example' },
    'in a frame of another site': { crossOrigin: true },
    'of another ceremony': { type: 'webauthn.create' },
    'to a challenge that is not ours': { challenge: 'AAAA' },
    'that did not verify its user': { isUnverified: true },
    'without anybody present': { isAbsent: true },
    'that names nobody': { userHandle: null },
    'that names another person': { userHandle: 'AAAA' },
  }
  it.each(Object.entries(wrong))('refuses an answer %s', async (_, lies) => {
    const { authenticator } = await withPasskey()
    expect(await outcome(signInByPasskey(app, authenticator, lies))).toBe('401 invalid_token')
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('200')
  })

  it('refuses a passkey that is not enrolled, or was removed', async () => {
    const { own, authenticator, id } = await withPasskey()
    const stranger = await newAuthenticator()
    stranger.state.userHandle = authenticator.state.userHandle
    expect(await outcome(signInByPasskey(app, stranger))).toBe('401 invalid_token')
    await send(own, 'DELETE', `/factors/passkeys/${id}`)
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('401 invalid_token')
  })

  it('refuses a signature by another key', async () => {
    const { authenticator } = await withPasskey()
    const other = await newAuthenticator()
    other.state.userHandle = authenticator.state.userHandle
    const options = await optionsFor(app, null, '/sign-in/passkey')
    const forged = { ...(await other.get(options)), id: authenticator.id, rawId: authenticator.id }
    const sent = send('', 'POST', '/sign-in/passkey', { passkey: forged })
    expect(await outcome(sent)).toBe('401 invalid_token')
  })

  it('takes an answer once, of any number at once', async () => {
    const { person, authenticator } = await withPasskey({ counts: false })
    const passkey = await authenticator.get(await optionsFor(app, null, '/sign-in/passkey'))
    const all = Array.from({ length: 5 }, () =>
      outcome(send('', 'POST', '/sign-in/passkey', { passkey })),
    )
    expect((await Promise.all(all)).sort()).toEqual(['200', ...Array(4).fill('401 invalid_token')])
    expect(
      await rows(
        `SELECT id FROM session WHERE user_id = ? AND signed_in_with = 'passkey'`,
        person.id,
      ),
    ).toHaveLength(1)
  })

  it('refuses a counter that does not grow, which is of a copy', async () => {
    const { authenticator } = await withPasskey()
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('200')
    authenticator.state.signCount -= 2
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('401 invalid_token')
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('401 invalid_token')
    authenticator.state.signCount += 2
    expect(await outcome(signInByPasskey(app, authenticator))).toBe('200')
  })

  it('works for passkeys that count nothing', async () => {
    const { authenticator } = await withPasskey({ counts: false })
    for (let at = 0; at < 3; at++) {
      expect(await outcome(signInByPasskey(app, authenticator))).toBe('200')
    }
  })

  it('is not known while D1 is down, and asking for options needs no store', async () => {
    const { authenticator } = await withPasskey()
    const broken = await createTestApp({ bindings: { ...app.bindings, ...down(['DB']) } })
    expect(await outcome(signInByPasskey(broken, authenticator))).toBe('503 authority_unavailable')
  })

  it('is for pages of ours', async () => {
    const { authenticator } = await withPasskey()
    const passkey = await authenticator.get(await optionsFor(app, null, '/sign-in/passkey'))
    const headers = { origin: 'https://evil.example' }
    const sent = app.request('POST', '/api/auth/sign-in/passkey', { headers, body: { passkey } })
    expect(await outcome(sent)).toBe('403 forbidden')
  })
})

describe('a passkey as the second factor', () => {
  it('completes a sign-in by password', async () => {
    const { person, authenticator } = await withPasskey()
    const half = await signIn(app, person)
    expect(half.body).toEqual({ awaits_factor: ['passkey', 'recovery_code'] })
    const cookie = cookiesOf(half)
    const awaited = await send(cookie, 'GET', '/factor')
    expect(awaited.body.data).toEqual({ awaits_factor: ['passkey', 'recovery_code'] })
    const options = await optionsFor(app, cookie, '/factor')
    expect(options).toMatchObject({ userVerification: 'preferred' })
    expect(options.allowCredentials).toMatchObject([{ id: authenticator.id }])
    const done = await complete(app, cookie, { passkey: await authenticator.get(options) })
    expect(done.status, done.text).toBe(200)
    const session = await send(cookiesOf(done), 'GET', '/get-session')
    expect(session.body.session.signedInWith).toBe('password+passkey')
  })

  it('answers this sign-in only', async () => {
    const { person, authenticator } = await withPasskey()
    const [one, other] = [await awaitingCookie(app, person), await awaitingCookie(app, person)]
    const passkey = await authenticator.get(await optionsFor(app, one, '/factor'))
    expect(await outcome(complete(app, other, { passkey }))).toBe('403 forbidden')
    const alone = send('', 'POST', '/sign-in/passkey', { passkey })
    expect(await outcome(alone)).toBe('401 invalid_token')
    const forSignIn = await authenticator.get(await optionsFor(app, null, '/sign-in/passkey'))
    expect(await outcome(complete(app, one, { passkey: forSignIn }))).toBe('403 forbidden')
    expect(await outcome(complete(app, one, { passkey }))).toBe('200')
  })

  it('is of the person who signs in', async () => {
    const [mine, theirs] = [await withPasskey(), await withPasskey()]
    const cookie = await awaitingCookie(app, mine.person)
    const passkey = await theirs.authenticator.get(await optionsFor(app, cookie, '/factor'))
    expect(await outcome(complete(app, cookie, { passkey }))).toBe('403 forbidden')
  })
})

describe('a challenge', () => {
  const now = 1_800_000_000_000
  const settings = { authSecrets: ['new-secret', 'old-secret'] }
  const textOf = (bytes: Uint8Array) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
  const of = { what: 'factor', sessionId: 'a session' } as const

  it('is good for what it was made for, for five minutes', async () => {
    const text = textOf(await newChallenge(settings, of, now))
    const read = (which: Parameters<typeof readChallenge>[1], at = now) =>
      readChallenge(settings, which, text, at)
    expect(await read(of)).toEqual({ digest: expect.any(String), expiresAtMs: now + 300_000 })
    expect(await read(of, now + 299_999)).not.toBeNull()
    expect(await read(of, now + 300_000)).toBeNull()
    expect(await read({ ...of, sessionId: 'another' })).toBeNull()
    expect(await read({ ...of, what: 'step-up' })).toBeNull()
    expect(await read({ what: 'sign-in' })).toBeNull()
    expect(await read({ what: 'enrol', userId: 'a session' })).toBeNull()
  })

  it('is good while its secret is listed, and is not changed in any bit', async () => {
    const bytes = await newChallenge({ authSecrets: ['old-secret'] }, of, now)
    expect(await readChallenge(settings, of, textOf(bytes), now)).not.toBeNull()
    expect(await readChallenge({ authSecrets: ['x'] }, of, textOf(bytes), now)).toBeNull()
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await readChallenge(settings, of, textOf(changed), now)).toBeNull()
    }
    expect(await readChallenge(settings, of, 'no base64url!', now)).toBeNull()
    expect(await readChallenge(settings, of, '', now)).toBeNull()
  })
})

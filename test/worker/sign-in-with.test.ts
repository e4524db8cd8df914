// Signing in with other providers: who is known, who is invited, and everybody else.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { signInWith } from '../../src/core/sign-in.ts'
import { outcome } from '../support/account.ts'
import { enrolBySql, newPerson } from '../support/factors.ts'
import { type Claims, fakeInternet, type Issuer, openIssuer } from '../support/issuer.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import {
  appWith,
  begin,
  comeBack,
  pageOf,
  sessionCookie,
  sessionRow,
} from '../support/sign-in-with.ts'
import { type Answer, createAccount, type TestPerson } from '../support/test-app.ts'

vi.spyOn(console, 'warn').mockImplementation(() => {})
vi.spyOn(console, 'error').mockImplementation(() => {})
const internet = fakeInternet()
const [acme, other] = [await openIssuer(), await openIssuer()]
const configured = (id: string, { issuer, clientId, clientSecret }: Issuer) => ({
  ...{ id, name: `The ${id}`, issuer, clientId },
  clientSecret: () => clientSecret,
})
const app = await appWith(
  signInWith<Env>({ oidc: [configured('acme', acme), configured('other', other)] }),
)
const accountId = await createAccount('Initech')
const owner = await newPerson(accountId)

beforeEach(() => {
  for (const { faults } of [acme, other]) {
    for (const name of Object.keys(faults)) delete faults[name as keyof typeof faults]
  }
})

let subjects = 0
const newSubject = () => `subject-${++subjects}`
const nowSeconds = () => Math.floor(Date.now() / 1_000)

type More = { body?: Record<string, unknown>; parameters?: Record<string, string>; by?: string }

async function signIn(claims: Claims, { body = {}, parameters = {}, by = 'acme' }: More = {}) {
  const { url, cookie } = await begin(app, { provider: by, ...body })
  const given = (by === 'acme' ? acme : other).authorize(url, claims)
  return comeBack(app, by, { ...given, ...parameters }, cookie)
}

async function link(person: TestPerson, claims: Claims, by = 'acme', provedAt = Date.now()) {
  const headers = { ...fromOwnPage, cookie: await cookieOf(person, accountId, provedAt) }
  const body = { provider: by }
  const answer = await app.request('POST', '/api/auth/links', { headers, body })
  if (answer.status !== 200) return answer
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const given = (by === 'acme' ? acme : other).authorize(answer.body.data.url, claims)
  return comeBack(app, by, given, cookie)
}

async function invite(email: string, status = 'pending', expiresAt = Date.now() + 60_000) {
  const id = crypto.randomUUID()
  await env.DB.prepare(
    `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
     VALUES (?, ?, ?, 'member', ?, ?, ?, ?)`,
  )
    .bind(id, accountId, email, status, owner.id, expiresAt, Date.now())
    .run()
  return id
}

const userOf = (email: string) =>
  env.DB.prepare('SELECT * FROM user WHERE email = ?').bind(email).first<Record<string, unknown>>()

async function linksOf({ id }: { id: string }) {
  const statement = env.DB.prepare(`SELECT * FROM account WHERE user_id = ? AND password IS NULL`)
  return (await statement.bind(id).all<Record<string, unknown>>()).results
}

const isSignedIn = (answer: Answer) => sessionCookie(answer) !== ''

describe('a linked person', () => {
  it('signs in, to the page from which they came', async () => {
    const person = await newPerson(accountId)
    const sub = newSubject()
    expect(pageOf(await link(person, { sub }))).toBe('/profile')
    const answer = await signIn({ sub }, { body: { next: '/members?role=owner' } })
    expect(pageOf(answer)).toBe('/members?role=owner')
    const headers = { cookie: sessionCookie(answer), ...fromOwnPage }
    const session = await app.request('GET', '/api/auth/get-session', { headers })
    expect(session.body.user.id).toBe(person.id)
    const [listed] = (await app.request('GET', '/api/sessions', { headers })).body.data
    expect(listed).toMatchObject({ signed_in_with: 'oidc:acme', is_current: true })
  })

  it('stays the same person when their address changes at the issuer, and here it does not', async () => {
    const person = await newPerson(accountId)
    const stranger = await newPerson(accountId)
    const sub = newSubject()
    await link(person, { sub })
    const email = `${stranger.id}@example.test`
    const answer = await signIn({ sub, email, email_verified: true })
    expect(await sessionRow(answer)).toMatchObject({ user_id: person.id })
    expect(await userOf(`${person.id}@example.test`)).toMatchObject({ id: person.id })
  })

  it('is somebody else at another issuer, with the same subject', async () => {
    const [person, twin] = [await newPerson(accountId), await newPerson(accountId)]
    const sub = newSubject()
    await link(person, { sub })
    expect(pageOf(await signIn({ sub }, { by: 'other' }))).toBe('/sign-in?error=unknown_person')
    expect(pageOf(await link(twin, { sub }, 'other'))).toBe('/profile')
    expect(await sessionRow(await signIn({ sub }, { by: 'other' }))).toMatchObject({
      user_id: twin.id,
    })
    expect(await sessionRow(await signIn({ sub }))).toMatchObject({ user_id: person.id })
  })

  it('is asked for their second factor', async () => {
    const person = await newPerson(accountId)
    const sub = newSubject()
    await link(person, { sub })
    await enrolBySql(person)
    const auth_time = nowSeconds()
    const answer = await signIn({ sub, auth_time }, { body: { next: '/keys' } })
    expect(pageOf(answer)).toBe('/sign-in?awaits_factor=totp&next=%2Fkeys')
    expect(await sessionRow(answer)).toMatchObject({
      ...{ awaits_factor: 1, proved_at: null, signed_in_with: 'oidc:acme' },
    })
    const headers = { cookie: sessionCookie(answer), ...fromOwnPage }
    expect(await outcome(app.request('GET', '/api/sessions', { headers }))).toBe(
      '401 missing_credential',
    )
  })

  it('leaves no token of the provider in the database', async () => {
    const person = await newPerson(accountId)
    const sub = newSubject()
    await link(person, { sub })
    await signIn({ sub })
    const [row] = await linksOf(person)
    expect(row).toMatchObject({
      ...{ provider_id: acme.issuer, account_id: sub, access_token: null },
      ...{ refresh_token: null, id_token: null, scope: null, password: null },
    })
  })
})

describe('a sign-in proves the person', () => {
  const cases: [string, number | undefined, boolean][] = [
    ['just now', 0, true],
    ['nine minutes ago', 9, true],
    ['an hour ago', 60, false],
    ['at a time that it does not tell', undefined, false],
  ]
  it.each(cases)('by an issuer that authenticated them %s', async (_, minutes, isProof) => {
    const person = await newPerson(accountId)
    const sub = newSubject()
    await link(person, { sub })
    const auth_time = minutes === undefined ? undefined : nowSeconds() - minutes * 60
    const answer = await signIn({ sub, auth_time })
    const headers = { cookie: sessionCookie(answer), ...fromOwnPage }
    const [made] = await linksOf(person)
    const step = app.request('DELETE', `/api/auth/links/${made?.id}`, { headers })
    expect(await outcome(step)).toBe(isProof ? '200' : '403 step_up_required')
  })

  it('and no longer than it is true, whatever the clock of the issuer says', async () => {
    const person = await newPerson(accountId)
    const sub = newSubject()
    await link(person, { sub })
    const answer = await signIn({ sub, auth_time: nowSeconds() + 3_600 })
    expect(Number((await sessionRow(answer))?.proved_at)).toBeLessThanOrEqual(Date.now())
  })

  it('and asks for a new authentication where a proof is wanted, which it then needs', async () => {
    const person = await newPerson(accountId)
    const sub = newSubject()
    await link(person, { sub })
    const body = { reauthenticate: true }
    const { searchParams } = new URL((await begin(app, { provider: 'acme', ...body })).url)
    expect([searchParams.get('prompt'), searchParams.get('max_age')]).toEqual(['login', '600'])
    const stale = await signIn({ sub, auth_time: nowSeconds() - 700 }, { body })
    expect([pageOf(stale), isSignedIn(stale)]).toEqual(['/sign-in?error=not_proved', false])
    expect(pageOf(await signIn({ sub }, { body }))).toBe('/sign-in?error=not_proved')
    expect(pageOf(await signIn({ sub, auth_time: nowSeconds() }, { body }))).toBe('/keys')
  })
})

describe('an unknown person', () => {
  it('comes in by an invitation to their address, which the issuer has verified', async () => {
    const email = `${crypto.randomUUID()}@Example.test`
    const id = await invite(email.toLowerCase())
    const claims = { sub: newSubject(), email, email_verified: true, name: 'Ada  Lovelace' }
    const answer = await signIn(claims, { body: { next: '/keys' } })
    expect(pageOf(answer)).toBe(`/invitations/${id}`)
    const user = await userOf(email.toLowerCase())
    expect(user).toMatchObject({ email_verified: 1, name: 'Ada  Lovelace' })
    const headers = { cookie: sessionCookie(answer), ...fromOwnPage }
    const accepted = await app.request('POST', '/api/auth/organization/accept-invitation', {
      ...{ headers, body: { invitationId: id } },
    })
    expect([accepted.status, accepted.body?.member.organizationId]).toEqual([200, accountId])
    expect(pageOf(await signIn(claims))).toBe('/keys')
  })

  it('comes back to the invitation from which they came', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    const first = await invite(email)
    await invite(email)
    const claims = { sub: newSubject(), email, email_verified: true }
    const answer = await signIn(claims, { body: { next: `/invitations/${first}` } })
    expect(pageOf(answer)).toBe(`/invitations/${first}`)
  })

  it('may have their address told by the userinfo endpoint', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    const id = await invite(email)
    acme.faults.onlyUserInfo = true
    const answer = await signIn({ sub: newSubject(), email, email_verified: true })
    expect(pageOf(answer)).toBe(`/invitations/${id}`)
  })

  const refused: [string, (email: string) => Promise<unknown>, Record<string, unknown>][] = [
    ['has no invitation', async () => {}, { email_verified: true }],
    ['has an address that the issuer has not verified', invite, { email_verified: false }],
    ['has an address of which the issuer says nothing', invite, {}],
    ['has an address that is verified in words', invite, { email_verified: 'true' }],
    ['has a cancelled invitation', (to) => invite(to, 'canceled'), { email_verified: true }],
    ['has an expired invitation', (to) => invite(to, 'pending', 1), { email_verified: true }],
  ]
  it.each(refused)('is refused who %s', async (_, before, claims) => {
    const email = `${crypto.randomUUID()}@example.test`
    await before(email)
    const answer = await signIn({ sub: newSubject(), email, ...claims })
    expect([pageOf(answer), isSignedIn(answer)]).toEqual(['/sign-in?error=unknown_person', false])
    expect(await userOf(email)).toBeNull()
  })

  it('is refused where a user has the address, and is linked to nobody', async () => {
    const person = await newPerson(accountId)
    const email = `${person.id}@example.test`
    await invite(email)
    const answer = await signIn({ sub: newSubject(), email, email_verified: true })
    expect([pageOf(answer), isSignedIn(answer)]).toEqual(['/sign-in?error=unknown_person', false])
    expect(await linksOf(person)).toEqual([])
  })

  it('is refused by a suspended account', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    await invite(email)
    await env.DB.prepare('INSERT INTO account_control (account_id, suspended_at) VALUES (?, 1)')
      .bind(accountId)
      .run()
    const answer = await signIn({ sub: newSubject(), email, email_verified: true })
    await env.DB.prepare('DELETE FROM account_control WHERE account_id = ?').bind(accountId).run()
    expect(pageOf(answer)).toBe('/sign-in?error=unknown_person')
  })

  it('becomes one user, of two sign-ins at once', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    await invite(email)
    const claims = { sub: newSubject(), email, email_verified: true }
    const answers = await Promise.all([signIn(claims), signIn(claims)])
    expect(answers.map(isSignedIn)).toEqual([true, true])
    const user = await userOf(email)
    expect(await linksOf({ id: String(user?.id) })).toHaveLength(1)
  })
})

describe('linking', () => {
  it('is listed, and told in every account of the person', async () => {
    const person = await newPerson(accountId)
    await link(person, { sub: newSubject() })
    const headers = { ...fromOwnPage, cookie: await cookieOf(person, accountId) }
    const { body } = await app.request('GET', '/api/auth/links', { headers })
    expect(body.data).toEqual([
      {
        ...{ id: expect.any(String), created_at: expect.any(String) },
        ...{ provider: 'acme', name: 'The acme', issuer: acme.issuer },
      },
    ])
    const path = `/api/auth/links/${body.data[0].id}`
    expect(await outcome(app.request('DELETE', path, { headers }))).toBe('200')
    expect(await linksOf(person)).toEqual([])
    const events = await env.DB.prepare(
      `SELECT action, detail FROM audit_event WHERE subject_id = ? AND action LIKE '%linked' ORDER BY created_at`,
    )
      .bind(person.id)
      .all<{ action: string; detail: string }>()
    expect(events.results.map(({ action }) => action)).toEqual([
      'person.sign_in_method_linked',
      'person.sign_in_method_unlinked',
    ])
    expect(JSON.parse(events.results[0]?.detail ?? '')).toMatchObject({ method: 'oidc:acme' })
  })

  it('needs step-up', async () => {
    const person = await newPerson(accountId)
    const longAgo = Date.now() - 11 * 60_000
    const answer = await link(person, { sub: newSubject() }, 'acme', longAgo)
    expect([answer.status, answer.body.code]).toEqual([403, 'step_up_required'])
  })

  it('needs the session in which it began', async () => {
    const person = await newPerson(accountId)
    const headers = { ...fromOwnPage, cookie: await cookieOf(person, accountId) }
    const body = { provider: 'acme' }
    const begun = await app.request('POST', '/api/auth/links', { headers, body })
    await env.DB.prepare('DELETE FROM session WHERE user_id = ?').bind(person.id).run()
    const given = acme.authorize(begun.body.data.url, { sub: newSubject() })
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect(pageOf(await comeBack(app, 'acme', given, cookie))).toBe('/profile?error=signed_out')
    expect(await linksOf(person)).toEqual([])
  })

  it('takes no identity of another person', async () => {
    const [person, thief] = [await newPerson(accountId), await newPerson(accountId)]
    const sub = newSubject()
    await link(person, { sub })
    expect(pageOf(await link(thief, { sub }))).toBe('/profile?error=linked_elsewhere')
    expect(await linksOf(thief)).toEqual([])
    expect(pageOf(await link(person, { sub }))).toBe('/profile')
    expect(await linksOf(person)).toHaveLength(1)
  })

  it('of one identity by two people at once links one', async () => {
    const people = [await newPerson(accountId), await newPerson(accountId)] as const
    const sub = newSubject()
    const pages = (await Promise.all(people.map((each) => link(each, { sub })))).map(pageOf)
    expect(pages.toSorted()).toEqual(['/profile', '/profile?error=linked_elsewhere'])
  })

  it('leaves a person one way to sign in', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    await invite(email)
    const claims = { sub: newSubject(), email, email_verified: true, auth_time: nowSeconds() }
    const cookie = sessionCookie(await signIn(claims))
    const id = String((await userOf(email))?.id)
    const headers = { cookie, ...fromOwnPage }
    const remove = (link: unknown) =>
      outcome(app.request('DELETE', `/api/auth/links/${link}`, { headers }))
    const [only] = await linksOf({ id })
    expect(await remove(only?.id)).toBe('409 conflict')
    // Nor does a security key without a PIN, which is a second factor only.
    await env.DB.prepare(
      `INSERT INTO passkey (id, user_id, credential_id, public_key, sign_count, transports, name, is_backed_up, created_at)
       VALUES (?1, ?2, ?1, '', 0, '[]', 'A key', 0, 1)`,
    )
      .bind(crypto.randomUUID(), id)
      .run()
    expect(await remove(only?.id)).toBe('409 conflict')
    // An issuer that the configuration has no more lets nobody in.
    await env.DB.prepare(
      `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at)
       VALUES (?1, ?1, 'https://gone.example', ?2, 1, 1)`,
    )
      .bind(crypto.randomUUID(), id)
      .run()
    expect(await remove(only?.id)).toBe('409 conflict')
    await env.DB.prepare(`UPDATE account SET provider_id = ? WHERE provider_id LIKE '%gone%'`)
      .bind(other.issuer)
      .run()
    expect(await remove(only?.id)).toBe('200')
  })

  it('of somebody else is not found', async () => {
    const [person, stranger] = [await newPerson(accountId), await newPerson(accountId)]
    await link(person, { sub: newSubject() })
    const [made] = await linksOf(person)
    const headers = { ...fromOwnPage, cookie: await cookieOf(stranger, accountId) }
    const remove = app.request('DELETE', `/api/auth/links/${made?.id}`, { headers })
    expect(await outcome(remove)).toBe('404 not_found')
  })
})

it('reads the metadata and the keys of an issuer once, for many sign-ins', async () => {
  const person = await newPerson(accountId)
  const sub = newSubject()
  await link(person, { sub })
  internet.requests.length = 0
  await signIn({ sub })
  expect(internet.requests).toEqual([`POST ${acme.issuer}/token`])
})

// Attacks on signing in with other providers, and their failures. Each ends on a page, and begins no session.
import { env } from 'cloudflare:workers'
import { generateKeyPair } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { signInWith } from '../../src/core/sign-in.ts'
import { outcome } from '../support/account.ts'
import { newPerson } from '../support/factors.ts'
import { fakeInternet, type Issuer, openGithub, openIssuer } from '../support/issuer.ts'
import { deadD1 } from '../support/people-world.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import { appWith, begin, comeBack, pageOf, sessionCookie } from '../support/sign-in-with.ts'
import { createAccount, createTestApp } from '../support/test-app.ts'

const logged: string[] = []
for (const level of ['warn', 'error'] as const) {
  vi.spyOn(console, level).mockImplementation((line) => void logged.push(String(line)))
}
const internet = fakeInternet()
const acme = await openIssuer()
const other = await openIssuer()
const strict = await openIssuer({ authorization_response_iss_parameter_supported: true })
const lying = await openIssuer({ issuer: 'https://elsewhere.example' })
const github = openGithub()
const configured = (id: string, { issuer, clientId, clientSecret }: Issuer) => ({
  ...{ id, name: `The ${id}`, issuer, clientId },
  clientSecret: () => clientSecret,
})
const signIn = signInWith<Env>({
  github: { clientId: 'Ov23li', clientSecret: () => github.clientSecret },
  oidc: [
    configured('acme', acme),
    configured('other', other),
    configured('strict', strict),
    configured('lying', lying),
  ],
})
const app = await appWith(signIn)
const accountId = await createAccount('Initech')

// Of everybody, so that what an attacker reaches is a session.
const sub = 'the victim'
const victim = await newPerson(accountId)
for (const { issuer } of [acme, other, strict, lying]) {
  await env.DB.prepare(
    `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1)`,
  )
    .bind(crypto.randomUUID(), sub, issuer, victim.id)
    .run()
}

beforeEach(() => {
  for (const name of Object.keys(acme.faults)) delete acme.faults[name as keyof typeof acme.faults]
  logged.length = 0
})
afterEach(() => vi.useRealTimers())

async function begun(provider = 'acme', issuer = acme) {
  const { url, cookie } = await begin(app, { provider })
  return { url, cookie, given: issuer.authorize(url, { sub }) }
}

describe('an honest sign-in, which each attack changes in one thing', () => {
  it('begins a session', async () => {
    const { cookie, given } = await begun()
    const answer = await comeBack(app, 'acme', given, cookie)
    expect([pageOf(answer), sessionCookie(answer)]).toEqual(['/keys', expect.stringMatching(/./)])
  })

  it('also with parameters that nobody knows, and the issuer', async () => {
    const { cookie, given } = await begun()
    const more = { session_state: 'x', hd: 'example.com', iss: acme.issuer }
    expect(pageOf(await comeBack(app, 'acme', { ...given, ...more }, cookie))).toBe('/keys')
  })

  it('sends PKCE, state, a nonce, and neither a secret nor where it will lead', async () => {
    const { url } = await begin(app, { provider: 'acme', next: '/members' })
    const { origin, pathname, searchParams } = new URL(url)
    expect(origin + pathname).toBe(`${acme.issuer}/authorize`)
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ response_type: 'code', client_id: 'latchkey', scope: 'openid email profile' },
      redirect_uri: `${env.BASE_URL}/api/auth/callback/acme`,
      ...{ code_challenge_method: 'S256', code_challenge: expect.stringMatching(/^[\w-]{43}$/) },
      ...{
        state: expect.stringMatching(/^[\w-]{43}$/),
        nonce: expect.stringMatching(/^[\w-]{43}$/),
      },
      max_age: '2592000',
    })
  })

  it('is bound to the browser by a cookie that scripts and other paths of the flow cannot read', async () => {
    const headers = fromOwnPage
    const body = { provider: 'acme' }
    const answer = await app.request('POST', '/api/auth/sign-in/provider', { headers, body })
    const [line, ...others] = answer.headers.getSetCookie()
    expect(others).toEqual([])
    expect(line).toMatch(
      /^better-auth\.sign_in_with=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('a callback is refused', () => {
  type Given = Awaited<ReturnType<typeof begun>>
  type Attack = (honest: Given) => Promise<Partial<Given> & { provider?: string }>
  const attacks: [string, Attack, string][] = [
    ['in another browser', async () => ({ cookie: '' }), 'expired'],
    [
      'with the cookie of another sign-in',
      async () => ({ cookie: (await begun()).cookie }),
      'expired',
    ],
    [
      'with a state of the attacker, whose code it is',
      async () => ({ given: (await begun()).given }),
      'expired',
    ],
    ['without a state', async ({ given }) => ({ given: { code: given.code ?? '' } }), 'expired'],
    ['with a cookie that was changed', async ({ cookie }) => ({ cookie: `${cookie}A` }), 'expired'],
    ['at another provider (mix-up)', async () => ({ provider: 'other' }), 'expired'],
    ['at a provider that there is not', async () => ({ provider: 'nobody' }), 'expired'],
    [
      'of another issuer (RFC 9207)',
      async ({ given }) => ({ given: { ...given, iss: other.issuer } }),
      'failed',
    ],
    [
      'with a code that is made up',
      async ({ given }) => ({ given: { ...given, code: 'x' } }),
      'failed',
    ],
    [
      'with the code of another sign-in, whose verifier it lacks (PKCE)',
      async ({ given }) => ({ given: { ...given, code: (await begun()).given.code ?? '' } }),
      'failed',
    ],
    ['without a code', async ({ given: { state = '' } }) => ({ given: { state } }), 'failed'],
    [
      'where the person said no',
      async ({ given: { state = '' } }) => ({ given: { state, error: 'access_denied' } }),
      'denied',
    ],
    [
      'with an error that is no word of ours',
      async ({ given: { state = '' } }) => ({ given: { state, error: '<script>' } }),
      'failed',
    ],
  ]
  it.each(attacks)('%s', async (_, attack, error) => {
    const honest = await begun()
    const { cookie, given, provider = 'acme' } = { ...honest, ...(await attack(honest)) }
    const answer = await comeBack(app, provider, given, cookie)
    expect([pageOf(answer), sessionCookie(answer)]).toEqual([`/sign-in?error=${error}`, ''])
  })

  it('that comes back a second time', async () => {
    const { cookie, given } = await begun()
    const first = await comeBack(app, 'acme', given, cookie)
    expect(first.headers.getSetCookie()[0]).toMatch(/^better-auth\.sign_in_with=; Max-Age=0/)
    // Also where the cookie was kept: the code is spent.
    const again = await comeBack(app, 'acme', given, cookie)
    expect([pageOf(again), sessionCookie(again)]).toEqual(['/sign-in?error=failed', ''])
  })

  it('after ten minutes', async () => {
    const { cookie, given } = await begun()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_001 })
    expect(pageOf(await comeBack(app, 'acme', given, cookie))).toBe('/sign-in?error=expired')
  })

  it('without the issuer, where it says that it names itself', async () => {
    const { cookie, given } = await begun('strict', strict)
    expect(pageOf(await comeBack(app, 'strict', given, cookie))).toBe('/sign-in?error=failed')
    const named = await begun('strict', strict)
    const parameters = { ...named.given, iss: strict.issuer }
    expect(pageOf(await comeBack(app, 'strict', parameters, named.cookie))).toBe('/keys')
  })

  it('without a request or a row, where its browser did not begin it', async () => {
    const { given } = await begun()
    internet.requests.length = 0
    const withoutD1 = await createTestApp({
      isolate: app.isolate,
      clock: app.clock,
      bindings: { DB: deadD1 },
    })
    expect(pageOf(await comeBack(withoutD1, 'acme', given, ''))).toBe('/sign-in?error=expired')
    expect(internet.requests).toEqual([])
  })
})

describe('an ID token is refused', () => {
  const faults: [string, Record<string, unknown>][] = [
    ['of another nonce', { nonce: 'another' }],
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['for another client', { aud: 'another-app' }],
    [
      'for several clients, of which another one is authorized',
      { aud: ['latchkey', 'another-app'], azp: 'another-app' },
    ],
  ]
  it.each(faults)('%s', async (_, claims) => {
    acme.faults.claims = claims
    const honest = await begun()
    const answer = await comeBack(app, 'acme', honest.given, honest.cookie)
    expect([pageOf(answer), sessionCookie(answer)]).toEqual(['/sign-in?error=failed', ''])
  })

  it('that has expired', async () => {
    acme.faults.lifetimeSeconds = -60
    const { cookie, given } = await begun()
    expect(pageOf(await comeBack(app, 'acme', given, cookie))).toBe('/sign-in?error=failed')
  })

  it('with the signature of another key', async () => {
    acme.faults.signWith = (await generateKeyPair('RS256')).privateKey
    const { cookie, given } = await begun()
    const answer = await comeBack(app, 'acme', given, cookie)
    expect([pageOf(answer), sessionCookie(answer)]).toEqual(['/sign-in?error=failed', ''])
  })

  it('whose userinfo is of another person', async () => {
    acme.faults.onlyUserInfo = true
    acme.faults.userInfo = { sub, email: 'victim@example.test', email_verified: true }
    const { url, cookie } = await begin(app, { provider: 'acme' })
    const given = acme.authorize(url, { sub: 'the attacker' })
    expect(pageOf(await comeBack(app, 'acme', given, cookie))).toBe('/sign-in?error=failed')
  })
})

describe('beginning is refused', () => {
  const start = (body: Record<string, unknown>, headers: Record<string, string> = fromOwnPage) =>
    outcome(app.request('POST', '/api/auth/sign-in/provider', { headers, body }))

  it('to pages of other origins', async () => {
    const headers = { origin: 'https://evil.example' }
    expect(await start({ provider: 'acme' }, headers)).toBe('403 forbidden')
  })

  it('with a page of another origin to lead to', async () => {
    const pages = ['https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example']
    for (const next of [...pages, '/.//evil.example', 'javascript:alert(1)', 'keys', '']) {
      expect([next, await start({ provider: 'acme', next })]).toEqual([next, '400 invalid_request'])
    }
    expect(await start({ provider: 'acme', next: '/keys?status=active#top' })).toBe('200')
  })

  it('with a provider that there is not, and with fields that there are not', async () => {
    expect(await start({ provider: 'nobody' })).toBe('404 not_found')
    expect(await start({ provider: 'acme', scopes: ['admin'] })).toBe('400 invalid_request')
  })

  it('with an issuer that calls itself another one', async () => {
    expect(await start({ provider: 'lying' })).toBe('503 authority_unavailable')
  })

  it('to prove somebody by GitHub, which does not say when they signed in', async () => {
    expect(await start({ provider: 'github', reauthenticate: true })).toBe('409 conflict')
  })

  it('to link without a session, and to pages of other origins', async () => {
    const link = (headers: Record<string, string>) =>
      outcome(app.request('POST', '/api/auth/links', { headers, body: { provider: 'acme' } }))
    expect(await link(fromOwnPage)).toBe('401 missing_credential')
    const cookie = await cookieOf(victim, accountId)
    expect(await link({ cookie, origin: 'https://evil.example' })).toBe('403 forbidden')
  })
})

describe('a failure', () => {
  it('of the issuer ends on the page, and is logged without what it sent', async () => {
    const { cookie, given } = await begun()
    acme.faults.isDown = true
    expect(pageOf(await comeBack(app, 'acme', given, cookie))).toBe('/sign-in?error=unavailable')
    acme.faults.isDown = false
    acme.faults.claims = { nonce: 'another' }
    const second = await begun()
    await comeBack(app, 'acme', second.given, second.cookie)
    expect(logged.join()).toMatch(/"provider":"acme".*JWT_CLAIM_COMPARISON/s)
    expect(logged.join()).not.toMatch(/access-|refresh-|eyJ|code-|the secret/)
  })

  it('of the database ends on the page', async () => {
    const { cookie, given } = await begun()
    const options = { isolate: app.isolate, clock: app.clock }
    const broken = await createTestApp({ ...options, bindings: { DB: deadD1 } })
    const answer = await comeBack(broken, 'acme', given, cookie)
    expect([pageOf(answer), sessionCookie(answer)]).toEqual(['/sign-in?error=unavailable', ''])
  })

  it('while changes are stopped, or too many come, ends on the page, and spends no code', async () => {
    const { cookie, given } = await begun()
    const options = { isolate: app.isolate, clock: app.clock }
    const stopped = { CHANGES: 'stopped' } as unknown as Partial<Env>
    const full = { FLOOD: { limit: async () => ({ success: false }) } } as unknown as Partial<Env>
    const answers = [
      await comeBack(await createTestApp({ ...options, bindings: stopped }), 'acme', given, cookie),
      await comeBack(await createTestApp({ ...options, bindings: full }), 'acme', given, cookie),
    ]
    expect(answers.map(pageOf)).toEqual(['/sign-in?error=unavailable', '/sign-in?error=too_many'])
    expect(pageOf(await comeBack(app, 'acme', given, cookie))).toBe('/keys')
  })
})

describe('GitHub', () => {
  const octocat = (id: number, emails: [string, boolean][] = []) => ({
    ...{ id, login: 'octocat', name: null },
    emails: emails.map(([email, verified], index) => ({ email, verified, primary: index === 0 })),
  })
  async function signInAt(user: ReturnType<typeof octocat>, change: Record<string, string> = {}) {
    const { url, cookie } = await begin(app, { provider: 'github' })
    return comeBack(app, 'github', { ...github.authorize(url, user), ...change }, cookie)
  }
  const invited = async (email: string) => {
    const id = crypto.randomUUID()
    await env.DB.prepare(
      `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
       VALUES (?, ?, ?, 'member', 'pending', ?, ?, 1)`,
    )
      .bind(id, accountId, email, victim.id, Date.now() + 60_000)
      .run()
    return id
  }

  it('names a person by number: a login is taken over by others', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    const id = await invited(email)
    const answer = await signInAt(
      octocat(583231, [
        ['x@example.test', true],
        [email, true],
      ]),
    )
    expect(pageOf(answer)).toBe(`/invitations/${id}`)
    expect(sessionCookie(answer)).not.toBe('')
    const user = await env.DB.prepare('SELECT * FROM user WHERE email = ?').bind(email).first()
    expect(user).toMatchObject({ name: 'octocat', email_verified: 1 })
    expect(pageOf(await signInAt(octocat(583231)))).toBe('/keys')
    expect(pageOf(await signInAt(octocat(1)))).toBe('/sign-in?error=unknown_person')
  })

  it('lets nobody in by an address that they have not verified', async () => {
    const email = `${crypto.randomUUID()}@example.test`
    await invited(email)
    expect(pageOf(await signInAt(octocat(2, [[email, false]])))).toBe(
      '/sign-in?error=unknown_person',
    )
  })

  it('tells errors with status 200', async () => {
    expect(pageOf(await signInAt(octocat(583231), { code: 'x' }))).toBe('/sign-in?error=failed')
  })
})

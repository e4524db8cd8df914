// A session whose person has enrolled a second factor awaits it, whatever the road by which it began, and is no session
// until then.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { createDocument } from '../../src/http/openapi/document.ts'
import { type Permission, permissionsOf } from '../../src/http/openapi/permissions.ts'
import { outcome } from '../support/account.ts'
import {
  awaitingCookie,
  cookiesOf,
  enrolBySql,
  newPerson,
  signIn,
  someAddress,
} from '../support/factors.ts'
import config from '../support/latchkey.config.ts'
import { cookieOf, fromOwnPage, inAccount, openWorld } from '../support/permission-matrix.ts'
import { requestOf } from '../support/permission-requests.ts'
import { createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
const world = await openWorld(app)
const { acme, globex } = world
const person = await newPerson(acme.id)
await enrolBySql(person)

const sessionsOf = async ({ id }: { id: string }) => {
  const { results } = await env.DB.prepare('SELECT * FROM session WHERE user_id = ?')
    .bind(id)
    .all<Record<string, unknown>>()
  return results
}

describe('a sign-in by password, where a second factor is enrolled', () => {
  it('answers which factors are awaited, and neither the person nor a token', async () => {
    const { status, body, headers } = await signIn(app, person)
    expect([status, body]).toEqual([200, { awaits_factor: ['totp'] }])
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('begins a session of ten minutes that has proved nobody', async () => {
    const someone = await newPerson(acme.id)
    await enrolBySql(someone)
    await signIn(app, someone)
    const [session] = await sessionsOf(someone)
    expect(session).toMatchObject({ awaits_factor: 1, proved_at: null, signed_in_with: 'password' })
    const minutes = (Number(session?.expires_at) - Date.now()) / 60_000
    expect(minutes).toBeGreaterThan(9)
    expect(minutes).toBeLessThanOrEqual(10)
  })

  it('does not make the browser a known one, whose guesses are counted apart', async () => {
    expect(cookiesOf(await signIn(app, person), /device/)).toBe('')
    const other = await newPerson(acme.id)
    expect(cookiesOf(await signIn(app, other), /device/)).not.toBe('')
  })
})

describe('a session that awaits its factor', () => {
  const document = createDocument(app.isolate, env.BASE_URL)
  const routes = config.policies[config.gateway.policy]?.routes ?? []
  // What such a session is for.
  const factor = '/api/auth/factor'
  const open = [`GET ${factor}`, `POST ${factor}`, `POST ${factor}/options`]
  const ownOperations = [...open, 'POST /api/auth/sign-out']
  const rows = permissionsOf(document, routes).filter(
    ({ method, path }) => !ownOperations.includes(`${method} ${path}`),
  )

  async function statusOf(row: Permission, cookie: string | null, more = {}): Promise<number> {
    const { path, headers, body } = await requestOf(document, world, row, 'owner')
    const { cookie: _, ...others } = headers
    const { status } = await app.request(row.method, path, {
      headers: {
        ...{ 'cf-connecting-ip': someAddress(), ...fromOwnPage, ...others, ...more },
        ...(cookie !== null && { cookie }),
      },
      ...(body !== undefined && { body }),
    })
    return status
  }

  // Without the header: test/worker/permissions.test.ts.
  it('is no session for any operation, in whatever account', async () => {
    const cookie = await awaitingCookie(app, person)
    const named = inAccount(acme.id)
    const refused: string[] = []
    for (const row of rows) {
      const name = `${row.method} ${row.path}`
      const status = await statusOf(row, cookie, named)
      expect([name, status]).toEqual([name, await statusOf(row, null, named)])
      if (status === 401) refused.push(name)
    }
    expect(refused.length).toBeGreaterThan(70)
    expect((await sessionsOf(person)).map((each) => each.awaits_factor)).toContain(1)
  })

  it('is kept by the browser, also after it asked for its session', async () => {
    const cookie = await awaitingCookie(app, person)
    const headers = { cookie, ...fromOwnPage }
    const answer = await app.request('GET', '/api/auth/get-session', { headers })
    expect([answer.status, answer.body, answer.headers.getSetCookie()]).toEqual([200, null, []])
    const token = await app.request('GET', '/api/auth/token', { headers })
    expect([token.status, token.headers.getSetCookie()]).toEqual([401, []])
  })

  it('ends by signing out', async () => {
    const someone = await newPerson(acme.id)
    await enrolBySql(someone)
    const headers = { cookie: await awaitingCookie(app, someone), ...fromOwnPage }
    const answer = await app.request('POST', '/api/auth/sign-out', { headers, body: {} })
    expect([answer.status, await sessionsOf(someone)]).toEqual([200, []])
    expect(answer.headers.getSetCookie().join()).toMatch(/session_token=; Max-Age=0/)
  })

  it('is listed for its person, who can end it', async () => {
    const someone = await newPerson(acme.id)
    const own = await cookieOf(someone, acme.id)
    await enrolBySql(someone)
    await awaitingCookie(app, someone)
    const headers = { cookie: own, ...fromOwnPage }
    const { body } = await app.request('GET', '/api/sessions', { headers })
    const begun = body.data.find((each: { awaits_factor: boolean }) => each.awaits_factor)
    expect(begun).toMatchObject({ is_current: false, signed_in_with: 'password' })
    const path = `/api/sessions/${begun.id}`
    expect(await outcome(app.request('DELETE', path, { headers }))).toBe('200')
    expect(await sessionsOf(someone)).toHaveLength(1)
  })
})

describe('a session that was begun before the factor was enrolled', () => {
  it('stays, and stays the same session when the password is changed', async () => {
    const someone = await newPerson(globex.id)
    const signedIn = cookiesOf(await signIn(app, someone), /session_token/)
    await enrolBySql(someone)
    const headers = { cookie: signedIn, ...fromOwnPage }
    const change = await app.request('POST', '/api/auth/change-password', {
      headers,
      body: { currentPassword: 'correct horse battery', newPassword: 'a new horse battery' },
    })
    expect(change.status, change.text).toBe(200)
    const cookie = cookiesOf(change, /session_token/)
    const session = await app.request('GET', '/api/auth/get-session', {
      headers: { cookie, ...fromOwnPage },
    })
    expect(session.body.session).toMatchObject({ signedInWith: 'password' })
    expect(session.body.session).not.toHaveProperty('awaitsFactor')
  })

  it('is not proved by the change of the password, and may not change it unproved', async () => {
    const someone = await newPerson(globex.id)
    const longAgo = Date.now() - 20 * 60_000
    const headers = { cookie: await cookieOf(someone, globex.id, longAgo), ...fromOwnPage }
    await enrolBySql(someone)
    const body = { currentPassword: 'correct horse battery', newPassword: 'a new horse battery' }
    const change = app.request('POST', '/api/auth/change-password', { headers, body })
    expect(await outcome(change)).toBe('403 step_up_required')
    await env.DB.prepare('UPDATE session SET proved_at = ? WHERE user_id = ?')
      .bind(Date.now() - 5 * 60_000, someone.id)
      .run()
    expect(await outcome(app.request('POST', '/api/auth/change-password', { headers, body }))).toBe(
      '200',
    )
    const [session] = await sessionsOf(someone)
    expect(Date.now() - Number(session?.proved_at)).toBeGreaterThan(4 * 60_000)
  })
})

// Where an account requires a second factor, members without one do nothing there but enrol one.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createDocument } from '../../src/http/openapi/document.ts'
import { type Permission, permissionsOf } from '../../src/http/openapi/permissions.ts'
import { requiredFactorDetail } from '../../src/identity/required-factor.ts'
import { makeKey, outcome } from '../support/account.ts'
import { codeOf, enrolApp, enrolOverHttp, newPerson, someAddress } from '../support/factors.ts'
import { beforeStatement } from '../support/interleaved.ts'
import config from '../support/latchkey.config.ts'
import {
  addMember,
  cookieOf,
  fromOwnPage,
  inAccount,
  openWorld,
} from '../support/permission-matrix.ts'
import { requestOf } from '../support/permission-requests.ts'
import { invitation } from '../support/permission-resources.ts'
import { createAccount, createTestApp, jwtFor, type TestPerson } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
const world = await openWorld(app)
const { acme, globex } = world

const send = (headers: Record<string, string>, method: string, path: string, body?: object) =>
  app.request(method, path, { headers: { ...fromOwnPage, ...headers }, ...(body && { body }) })
const require_factor = async (person: TestPerson, accountId: string, value: boolean) =>
  send({ cookie: await cookieOf(person, accountId) }, 'PATCH', '/api/account', {
    require_factor: value,
  })
const events = async (accountId: string) =>
  (
    await env.DB.prepare(
      `SELECT detail FROM audit_event WHERE account_id = ? AND action = 'account.factor_requirement_changed'`,
    )
      .bind(accountId)
      .all<{ detail: string }>()
  ).results.map(({ detail }) => JSON.parse(detail).require_factor)

/** An owner with an app, in an account that requires it. */
async function requiring() {
  const accountId = await createAccount('Careful Inc')
  const owner = await newPerson(accountId)
  await enrolApp(owner)
  const answer = await require_factor(owner, accountId, true)
  if (answer.status !== 200) throw new Error(answer.text)
  return { accountId, owner }
}

describe('requiring a second factor', () => {
  it('is for owners with one, after step-up, and stands in the account and its audit log', async () => {
    const accountId = await createAccount('Careful Inc')
    const owner = await newPerson(accountId)
    expect(await outcome(require_factor(owner, accountId, true))).toBe('409 conflict')
    expect(await outcome(require_factor(owner, accountId, false))).toBe('200')
    expect(await events(accountId)).toEqual([])
    await enrolApp(owner)
    const stale = { cookie: await cookieOf(owner, accountId, null) }
    const body = { require_factor: true }
    expect(await outcome(send(stale, 'PATCH', '/api/account', body))).toBe('403 step_up_required')
    const done = await require_factor(owner, accountId, true)
    expect(done.body.data).toMatchObject({ id: accountId, require_factor: true })
    await require_factor(owner, accountId, true)
    const read = await send({ cookie: await cookieOf(owner, accountId) }, 'GET', '/api/account')
    expect(read.body.data.require_factor).toBe(true)
    await require_factor(owner, accountId, false)
    expect(await events(accountId)).toEqual([true, false])
  })

  it('is refused while the last factor of its owner is removed', async () => {
    const accountId = await createAccount('Careful Inc')
    const owner = await newPerson(accountId)
    await enrolApp(owner)
    const removed = () => env.DB.prepare('DELETE FROM totp WHERE user_id = ?').bind(owner.id).run()
    const DB = beforeStatement(/update "account_control" set requires_factor/i, removed)
    const raced = await createTestApp({ bindings: { DB } })
    const headers = { ...fromOwnPage, cookie: await cookieOf(owner, accountId) }
    const body = { require_factor: true }
    const requiring = raced.request('PATCH', '/api/account', { headers, body })
    expect(await outcome(requiring)).toBe('409 conflict')
    expect(await events(accountId)).toEqual([])
  })

  it('is for no admin', async () => {
    const { accountId } = await requiring()
    const admin = await newPerson(accountId, 'admin')
    await enrolApp(admin)
    expect(await outcome(require_factor(admin, accountId, false))).toBe('403 forbidden')
  })
})

describe('a member without a second factor', () => {
  const document = createDocument(app.isolate, env.BASE_URL)
  const routes = config.policies[config.gateway.policy]?.routes ?? []
  // Of the person: their sessions, their factors, their sign-in; and joining another account.
  const ofPerson =
    /^\/api\/(sessions|invitations|auth\/(factors|factor|links|step-up|send-confirmation|sign-in|sign-out|change-password|update-user|get-session|organization\/(list|accept-invitation|reject-invitation)$))/
  let person: TestPerson
  let rows: Permission[]
  beforeAll(async () => {
    person = await newPerson(acme.id)
    await env.DB.prepare('INSERT INTO account_control (account_id, requires_factor) VALUES (?, 1)')
      .bind(acme.id)
      .run()
    // The owner whose resources the requests name.
    await enrolApp(acme.owner)
    rows = permissionsOf(document, routes).filter(
      ({ path, cells }) =>
        cells.owner === 'yes' && cells.anonymous !== 'yes' && !ofPerson.test(path),
    )
    return async () => {
      await env.DB.prepare('DELETE FROM account_control WHERE account_id = ?').bind(acme.id).run()
    }
  })

  async function answerOf(row: Permission, credential: Record<string, string>) {
    const { path, headers, body } = await requestOf(document, world, row, 'owner')
    const { cookie: _, ...others } = headers
    const sent = { ...fromOwnPage, 'cf-connecting-ip': someAddress(), ...others, ...credential }
    return app.request(row.method, path, { headers: sent, ...(body !== undefined && { body }) })
  }

  async function expectRefused(
    credentials: () => Promise<Record<string, string>>,
    some: Permission[],
  ) {
    expect(some.length).toBeGreaterThan(10)
    for (const row of some) {
      const { status, body } = await answerOf(row, await credentials())
      const name = `${row.method} ${row.path}`
      expect([name, status, body?.code, body?.detail]).toEqual([
        ...[name, 403, 'forbidden', requiredFactorDetail],
      ])
    }
  }

  it('is refused every operation of the account', async () => {
    await expectRefused(async () => ({ cookie: await cookieOf(person, acme.id) }), rows)
  })

  it('is refused them in the account that a request names', async () => {
    await addMember(person, globex.id, 'owner')
    const cookie = await cookieOf(person, globex.id)
    await expectRefused(async () => ({ cookie, ...inAccount(acme.id) }), rows)
    const own = send({ cookie }, 'GET', '/api/account')
    expect(await outcome(own)).toBe('200')
  })

  it('is refused them with a JWT too, at the gateway as well', async () => {
    const byJwt = permissionsOf(document, routes).filter(
      ({ cells }) => cells.jwt === 'yes' && cells.anonymous !== 'yes',
    )
    const authorization = `Bearer ${await jwtFor(person.id, acme.id)}`
    await expectRefused(async () => ({ authorization }), byJwt)
    expect(byJwt.some(({ section }) => section === 'gateway')).toBe(true)
  })

  it('gets no JWT, and reads nothing of the account by switching to it', async () => {
    const cookie = await cookieOf(person, acme.id)
    expect(await outcome(send({ cookie }, 'GET', '/api/auth/token'))).toBe('403 forbidden')
    const elsewhere = { cookie: await cookieOf(person, globex.id) }
    const switching = (organizationId: string, from = elsewhere) =>
      send(from, 'POST', '/api/auth/organization/set-active', { organizationId })
    expect(await outcome(switching(acme.id))).toBe('403 forbidden')
    expect(await outcome(switching(globex.id, { cookie }))).toBe('200')
  })

  it('does what is theirs, and by enrolling is let in', async () => {
    const someone = await newPerson(acme.id, 'member')
    const cookie = await cookieOf(someone, acme.id)
    for (const path of ['/api/auth/factors', '/api/sessions', '/api/auth/organization/list']) {
      expect([path, await outcome(send({ cookie }, 'GET', path))]).toEqual([path, '200'])
    }
    const factors = await send({ cookie }, 'GET', '/api/auth/factors')
    expect(factors.body.data.required_by).toEqual([{ id: acme.id, name: 'Acme Inc' }])
    expect(await outcome(send({ cookie }, 'GET', '/api/account'))).toBe('403 forbidden')
    const { secret } = await enrolOverHttp(app, cookie)
    expect(await outcome(send({ cookie }, 'GET', '/api/account'))).toBe('200')
    expect(await outcome(send({ cookie }, 'GET', '/api/auth/token'))).toBe('200')
    const jwt = await jwtFor(someone.id, acme.id)
    const me = send({ authorization: `Bearer ${jwt}` }, 'GET', '/api/v1/me')
    expect(await outcome(me)).toBe('200')
    const body = { code: codeOf(secret, 1) }
    expect(await outcome(send({ cookie }, 'POST', '/api/auth/step-up', body))).toBe('200')
    expect(await outcome(send({ cookie }, 'DELETE', '/api/auth/factors/totp'))).toBe('200')
    expect(await outcome(send({ cookie }, 'GET', '/api/account'))).toBe('403 forbidden')
  })

  it('joins by an invitation, and enrols then', async () => {
    const invited = await newPerson(globex.id, 'member')
    const invitationId = await invitation(world, `${invited.id}@example.test`, acme.id)
    const cookie = await cookieOf(invited, globex.id)
    const path = '/api/auth/organization/accept-invitation'
    expect(await outcome(send({ cookie }, 'POST', path, { invitationId }))).toBe('200')
    const there = { cookie, ...inAccount(acme.id) }
    expect(await outcome(send(there, 'GET', '/api/account'))).toBe('403 forbidden')
  })

  it('keeps their keys', async () => {
    const own = await newPerson(acme.id, 'admin')
    await env.DB.prepare('UPDATE account_control SET requires_factor = 0').run()
    const { key } = await makeKey(app, await jwtFor(own.id, acme.id))
    await env.DB.prepare('UPDATE account_control SET requires_factor = 1').run()
    expect(await outcome(app.request('GET', '/api/v1/me', { key }))).toBe('200')
    const unable = app.request('GET', '/api/v1/me', { as: await jwtFor(own.id, acme.id) })
    expect(await outcome(unable)).toBe('403 forbidden')
  })
})

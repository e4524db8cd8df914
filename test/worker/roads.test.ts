// Every request that changes what a key may do is answered when the change is in force: all routes are tried.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { defaultMarginMs } from '../../src/coherence/settle.ts'
import { groupOf } from '../../src/core/subject.ts'
import { createKeyReader } from '../../src/storage/key-store.ts'
import { type Account, type MadeKey, makeKey, openAccount } from '../support/account.ts'
import { type EveryRoute, openEverything, type Sent } from '../support/every-route/routes.ts'
import { openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import {
  makeOpener,
  makePortalKey,
  manyKeys,
  portalKeys,
  portalSession,
} from '../support/portal.ts'
import { lastSequence, rowsOf, run, watchRecords } from '../support/records.ts'
import { addPerson, isolatesFence, type TestPerson } from '../support/test-app.ts'

const all = await openEverything()
const { app, world, routes, sampleOf, send, signedAsGithub } = all
const { acme } = world
const changedRecords = watchRecords()

beforeAll(() => openFence())

describe('the records of keys', () => {
  type Raise = { heldAtMs: number }
  const raises: Raise[] = []
  beforeAll(() => {
    const { FENCE } = app.bindings
    const getByName = (...args: Parameters<typeof FENCE.getByName>) => {
      const stub = FENCE.getByName(...args)
      return {
        ask: (...question: Parameters<typeof stub.ask>) => stub.ask(...question),
        inspect: (subjects: string[]) => stub.inspect(subjects),
        reset: () => stub.reset(),
        async hold(floors: Parameters<typeof stub.hold>[0]) {
          const held = await stub.hold(floors)
          raises.push({ heldAtMs: app.clock.now() })
          return held
        },
      }
    }
    Object.assign(app.bindings, { FENCE: { getByName } })
  })

  /** The answer, and what is known at its moment: work behind it goes on afterwards. */
  async function answerTo({ method, path, headers, body }: Sent) {
    const context = createExecutionContext()
    const init = {
      method,
      headers: { origin: env.BASE_URL, ...headers },
      ...(body !== undefined && { body }),
    }
    const request = new Request(new URL(path, env.BASE_URL), init)
    const response = await app.handler.fetch(request, app.bindings, context)
    const answeredAtMs = app.clock.now()
    const text = await response.text()
    await waitOnExecutionContext(context)
    return { status: response.status, text, answeredAtMs }
  }

  type Road = () => Promise<Sent>
  const json = (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Sent => ({
    ...{ method, path },
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const asOwner = (method: string, path: string, body?: unknown): Sent =>
    json(method, path, body, { authorization: `Bearer ${acme.owner.jwt}` })
  const key = (): Promise<MadeKey> => makeKey(app, acme.owner.jwt)
  const ofKey =
    (method: string, action = '', body?: unknown): Road =>
    async () =>
      asOwner(method, `/api/api-keys/${(await key()).id}${action}`, body)

  const inPortal =
    (method: string, action = '', body?: unknown): Road =>
    async () => {
      const token = await portalSession(app, (await makeOpener(app, acme.owner.jwt)).key, manyKeys)
      const { id } = await makePortalKey(app, token)
      return json(method, `${portalKeys}/${id}${action}`, body, {
        authorization: `Bearer ${token}`,
      })
    }

  /** A person with a key that inherits their role. */
  async function creator(account: Account = acme): Promise<TestPerson> {
    const person = await addPerson(account.id, 'admin')
    await makeKey(app, person.jwt)
    return person
  }
  const bySession = async (person: TestPerson, path: string, body: object, account = acme) => {
    const headers = { cookie: await cookieOf(person, account.id), ...fromOwnPage }
    return json('POST', `/api/auth/organization${path}`, body, headers)
  }
  const organizationId = acme.id

  async function closing(): Promise<Account> {
    const account = await openAccount('Leaving')
    await makeKey(app, account.owner.jwt)
    return account
  }
  const byPlatform = (method: string, path: string, body?: unknown) =>
    json(method, `/api/accounts${path}`, body, {
      authorization: `Bearer ${world.platform.owner.jwt}`,
    })
  const deletion = ({ owner, name }: Account) =>
    json('POST', '/api/account/deletion', { name }, { authorization: `Bearer ${owner.jwt}` })

  /** Requests that change a record. */
  const roads: Record<string, Road> = {
    'PATCH /api/api-keys/{id}': ofKey('PATCH', '', { is_active: false }),
    'DELETE /api/api-keys/{id}': ofKey('DELETE'),
    'POST /api/api-keys/{id}/rotate': ofKey('POST', '/rotate', { overlap_seconds: 60 }),
    'POST /api/api-keys/revoke': async () =>
      asOwner('POST', '/api/api-keys/revoke', { ids: [(await key()).id] }),
    'PATCH /api/v1/portal/keys/{id}': inPortal('PATCH', '', { is_active: false }),
    'DELETE /api/v1/portal/keys/{id}': inPortal('DELETE'),
    'POST /api/v1/portal/keys/{id}/rotate': inPortal('POST', '/rotate', { overlap_seconds: 60 }),
    'DELETE /api/v1/me': async () => ({
      ...{ method: 'DELETE', path: '/api/v1/me' },
      headers: { 'x-api-key': (await key()).key },
    }),
    'POST /api/leaks/github': async () => {
      const body = JSON.stringify([{ token: (await key()).key, type: 'latchkey_api_key', url: '' }])
      const headers = await signedAsGithub(body)
      return { method: 'POST', path: '/api/leaks/github', headers, body }
    },
    'POST /api/account/deletion': async () => deletion(await closing()),
    'DELETE /api/account/deletion': async () => {
      const account = await closing()
      const { status, text } = await answerTo(deletion(account))
      expect(status, text).toBe(200)
      await changedRecords()
      const headers = { authorization: `Bearer ${account.owner.jwt}` }
      return { method: 'DELETE', path: '/api/account/deletion', headers }
    },
    'PATCH /api/accounts/{id}': async () =>
      byPlatform('PATCH', `/${(await closing()).id}`, { name: 'Renamed' }),
    'POST /api/accounts/{id}/suspend': async () =>
      byPlatform('POST', `/${(await closing()).id}/suspend`),
    'POST /api/accounts/{id}/resume': async () => {
      const { id } = await closing()
      const { status, text } = await answerTo(byPlatform('POST', `/${id}/suspend`))
      expect(status, text).toBe(200)
      await changedRecords()
      return byPlatform('POST', `/${id}/resume`)
    },
    'DELETE /api/accounts/{id}': async () => byPlatform('DELETE', `/${(await closing()).id}`),
    'POST /api/auth/organization/leave': async () =>
      bySession(await creator(), '/leave', { organizationId }),
    'POST /api/auth/organization/remove-member': async () =>
      bySession(acme.owner, '/remove-member', {
        ...{ memberIdOrEmail: (await creator()).memberId, organizationId },
      }),
    'POST /api/auth/organization/update-member-role': async () =>
      bySession(acme.owner, '/update-member-role', {
        ...{ memberId: (await creator()).memberId, role: 'member', organizationId },
      }),
    'POST /api/auth/organization/update': () =>
      bySession(acme.owner, '/update', { data: { name: 'Renamed' }, organizationId }),
    'POST /api/auth/organization/accept-invitation': async () => {
      const person = await creator()
      await run('DELETE FROM member WHERE id = ?', person.memberId)
      await app.reconcile()
      const invitationId = crypto.randomUUID()
      await run(
        `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
         VALUES (?, ?, ?, 'member', 'pending', ?, ?, 1)`,
        ...[invitationId, acme.id, `${person.id}@example.test`, acme.owner.id],
        Date.now() + 1_000_000,
      )
      return bySession(person, '/accept-invitation', { invitationId }, world.globex)
    },
  }
  /** GitHub waits 30 s and a lease may be longer: the answer says that the revocation is committed. */
  const answeredBefore = ['POST /api/leaks/github']

  const changing = routes.filter(
    ({ method, section, path }) =>
      !['GET', 'HEAD'].includes(method) &&
      section !== 'gateway' &&
      !path.startsWith('/forward-auth/'),
  )

  it('change on roads that exist', () => {
    const names = changing.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(Object.keys(roads)))
    expect(names.length).toBeGreaterThan(35)
  })

  it.each(Object.entries(roads))('are in force when it is answered: %s', async (name, road) => {
    const sent = await road()
    await app.reconcile()
    await changedRecords()
    const before = await lastSequence()
    raises.length = 0
    const { status, text, answeredAtMs } = await answerTo(sent)
    expect([200, 201, 204], text).toContain(status)
    const changed = await changedRecords()
    expect(changed.length, text).toBeGreaterThan(0)
    const last = Math.max(...raises.map(({ heldAtMs }) => heldAtMs))
    if (!answeredBefore.includes(name)) {
      expect(answeredAtMs - last).toBeGreaterThanOrEqual(config.leaseMs + defaultMarginMs)
    }
    for (const digest of changed) {
      const record = await createKeyReader(env.DB).read(digest)
      const subjects = [digest, groupOf(record?.accountId as string)]
      const { required } = await env.FENCE.getByName(isolatesFence).inspect(subjects)
      expect(Math.max(...required)).toBeGreaterThan(before)
    }
    expect(await rowsOf('SELECT * FROM pending_raise')).toEqual([])
  })

  const others = changing.filter(({ name }) => !Object.hasOwn(roads, name))
  it.each(others.map((route): [string, EveryRoute] => [route.name, route]))(
    'do not change at all: %s',
    async (_, route) => {
      const sent = await sampleOf(route)
      await changedRecords()
      await send(route, sent)
      expect(await changedRecords()).toEqual([])
    },
  )
})

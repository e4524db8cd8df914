// Who may grant resources, wildcards and environments, and what a key that holds them inherits or gives up.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { permissions } from '../support/permissions.ts'
import { createEchoApp } from '../support/surfaces.ts'
import { addPerson, createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
let owner: string

beforeAll(async () => {
  app = await createEchoApp(permissions)
  account = await openAccount()
  owner = account.owner.jwt
})

const create = (as: string, scopes: string[], more: object = {}, at = app) =>
  outcome(at.request('POST', '/api/api-keys', { as, body: { name: 'x', scopes, ...more } }))
const patch = (as: string, id: string, body: object) =>
  outcome(app.request('PATCH', `/api/api-keys/${id}`, { as, body }))
const managing = async (may_grant: object | null) =>
  (await makeKey(app, owner, { scopes: ['keys:manage'], may_grant })).key

describe('a person grants', () => {
  it('resources and wildcards by the role of everything, and nothing as a member', async () => {
    const at = await createTestApp()
    for (const scopes of [['contacts:*'], ['contacts:read#7'], ['contacts:*', 'messages:send']]) {
      expect(await create(account.admin.jwt, scopes, {}, at), `${scopes}`).toBe('201')
      expect(await create(account.member.jwt, scopes, {}, at), `${scopes}`).toBe('403 forbidden')
    }
    expect(await create(account.admin.jwt, ['keys:manage'], {}, at)).toBe('403 forbidden')
  })

  it.each([
    [['contacts:read'], '201'],
    [['contacts:read#7'], '201'],
    [['messages:*'], '201'],
    [['messages:send', 'messages:read'], '201'],
    [['reports:read#7'], '201'],
    [['reports:read#8'], '403 forbidden'],
    [['reports:read'], '403 forbidden'],
    [['contacts:*'], '403 forbidden'],
    [['contacts:write'], '403 forbidden'],
    [['contacts:read', 'contacts:export'], '403 forbidden'],
  ])('%j with contacts:read, messages:* and reports:read#7: %s', async (scopes, expected) => {
    expect(await create(account.admin.jwt, scopes)).toBe(expected)
  })

  it.each([
    ...['*', ':*', 'contacts:*:*', 'contacts*', 'contacts:re*', 'nothing:*', 'contacts:*#7', '*#7'],
    ...[
      'keys:*',
      'platform:*',
      'latchkey:*',
      'contacts:write#7',
      'contacts:read#',
      'contacts:read#.',
    ],
    ...[
      'contacts:read#..',
      'contacts:read#a b',
      'contacts:read#a/b',
      'contacts:read#ü',
      'no:such#7',
    ],
    `contacts:read#${'x'.repeat(129)}`,
  ])('nobody %s, which is a mistake', async (scope) => {
    const body = { name: 'x', scopes: ['contacts:read', scope] }
    const answer = await app.request('POST', '/api/api-keys', { as: owner, body })
    expect([answer.status, answer.body.errors?.[0].path], answer.text).toEqual([400, 'scopes.1'])
    const may_grant = { scopes: [scope] }
    expect(await create(owner, ['keys:manage'], { may_grant })).toBe('400 invalid_request')
  })
})

describe('may_grant', () => {
  it.each<[string[], string[], string]>([
    [['contacts:*'], ['contacts:*'], '201'],
    [['contacts:*'], ['contacts:read', 'contacts:write', 'contacts:read#7'], '201'],
    [['contacts:*'], ['contacts:export'], '403 forbidden'],
    [['contacts:*'], ['messages:read'], '403 forbidden'],
    [['contacts:read', 'contacts:write'], ['contacts:*'], '403 forbidden'],
    [['contacts:read'], ['contacts:read#7'], '201'],
    [['contacts:read#7'], ['contacts:read#7'], '201'],
    [['contacts:read#7'], ['contacts:read#8'], '403 forbidden'],
    [['contacts:read#7'], ['contacts:read'], '403 forbidden'],
    [['contacts:read#7'], [], '201'],
  ])('of %j for a key with %j: %s', async (bounds, scopes, expected) => {
    expect(await create(await managing({ scopes: bounds }), scopes)).toBe(expected)
  })

  it('bounds the environments of the keys that a key makes, and those that it sees', async () => {
    const [ofTest, ofLive] = [
      await managing({ environments: ['test'] }),
      await managing({ environments: ['live'] }),
    ]
    const made = { format: 'wacrm_test' }
    expect([await create(ofTest, []), await create(ofTest, [], made)]).toEqual([
      ...['403 forbidden', '201'],
    ])
    expect([await create(ofLive, []), await create(ofLive, [], made)]).toEqual([
      ...['201', '403 forbidden'],
    ])
    for (const [key, environment] of [
      [ofTest, 'test'],
      [ofLive, 'live'],
    ] as const) {
      const { body } = await app.request('GET', '/api/api-keys?limit=100', { as: key })
      const plain = body.data.filter((each: { scopes: string[] }) => each.scopes.length === 0)
      const environments = new Set(plain.map((each: { environment: string }) => each.environment))
      expect([...environments]).toEqual([environment])
    }
  })
})

describe('a change of scopes', () => {
  it.each<[string[], string[], boolean]>([
    [['contacts:*'], ['contacts:read#7'], true],
    [['contacts:*'], ['contacts:read', 'contacts:write'], true],
    [['contacts:*'], ['contacts:export'], false],
    [['contacts:read'], ['contacts:read#7', 'contacts:read#8'], true],
    [['contacts:read#7', 'contacts:read#8'], ['contacts:read#8'], true],
    [['contacts:read#7'], ['contacts:read#8'], false],
    [['contacts:read#7'], ['contacts:read'], false],
    [['contacts:read', 'contacts:write'], ['contacts:*'], false],
  ])('from %j to %j tightens: %s', async (before, after, isTighter) => {
    const { id } = await makeKey(app, owner, { scopes: before })
    // It grants nothing, so it may only tighten.
    const manager = await managing(null)
    expect(await patch(manager, id, { scopes: after })).toBe(isTighter ? '200' : '403 forbidden')
    if (isTighter) expect(await patch(manager, id, { scopes: before })).toBe('403 forbidden')
    expect(await patch(owner, id, { scopes: before })).toBe('200')
  })
})

describe('a role with wildcards and resources', () => {
  const get = (path: string, by: { key: string } | { as: string }, method = 'GET') =>
    outcome(app.request(method, path, { ...by, ...(method === 'POST' && { body: {} }) }))
  const [good, lacking] = ['200', '403 insufficient_scope']

  /** contacts:*, which leaves contacts:export out, and reports:read#7 */
  async function expectPowersOfMember(by: { key: string } | { as: string }) {
    expect(await get('/api/contacts', by)).toBe(good)
    expect(await get('/api/contacts/9', by)).toBe(good)
    expect(await get('/api/contacts/9', by, 'PATCH')).toBe(good)
    expect(await get('/api/reports/7', by)).toBe(good)
    expect(await get('/api/reports/8', by)).toBe(lacking)
    expect(await get('/api/exports', by, 'POST')).toBe(lacking)
    expect(await get('/api/inbox', by)).toBe(lacking)
  }

  it('is what its people have', async () => {
    await expectPowersOfMember({ as: account.member.jwt })
  })

  it('is what a key inherits of its creator, as the role is at each request', async () => {
    const person = await addPerson(account.id, 'owner')
    const { key } = await makeKey(app, person.jwt)
    expect(await get('/api/exports', { key }, 'POST')).toBe(good)
    await env.DB.prepare("UPDATE member SET role = 'member' WHERE id = ?")
      .bind(person.memberId)
      .run()
    await app.reconcile()
    await expectPowersOfMember({ key })
    const { body } = await app.request('GET', '/api/v1/me', { key })
    expect(body.data.key).toMatchObject({
      scopes: ['contacts:read', 'contacts:write'],
      resources: ['reports:read#7'],
    })
  })
})

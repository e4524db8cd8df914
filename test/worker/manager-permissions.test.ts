// Every call of a key with `keys:manage`, to a key within or beyond each bound of its `may_grant`, responds as
// docs/permissions.md states.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createDocument, operationsOf } from '../../src/http/openapi/document.ts'
import {
  type Call,
  endpointPaths,
  type ManagerCell,
  managerPermissionsOf,
} from '../../src/http/openapi/manager-permissions.ts'
import {
  manager,
  type SituationName,
  situations,
  withTimes,
} from '../../src/http/openapi/manager-situations.ts'
import { type MadeKey, makeKey, openAccount } from '../support/account.ts'
import { createTestApp } from '../support/test-app.ts'

const app = await createTestApp()
const document = createDocument(app.isolate, env.BASE_URL)
const permissions = managerPermissionsOf(document, app.isolate)
const account = await openAccount()
const owner = account.owner.jwt
const names = Object.keys(situations) as SituationName[]

const make = (body: object) => makeKey(app, owner, withTimes({ ...body }, app.clock.now()))
const idPath = '/api/api-keys/{id}'

const managing = (name: SituationName) => make({ ...manager, may_grant: situations[name].mayGrant })
/** One for all calls, which never change it; not the one that is called upon itself. */
const shared = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await managing(name)] as const)),
) as Record<SituationName, MadeKey>

async function keysOf(name: SituationName, { isDisabled }: Call) {
  const { key } = situations[name]
  const made = key === null ? await managing(name) : shared[name]
  const { id, key: token } = key === null ? made : await make(key)
  if (isDisabled) {
    const disabled = { as: owner, body: { is_active: false } }
    expect((await app.request('PATCH', idPath.replace('{id}', id), disabled)).status).toBe(200)
  }
  return { as: made.key, id, token }
}

/** Whether a summary tells that the key was disabled; of the managing key itself, that it expires soon. */
async function isCounted(as: string, id: string, isItself: boolean): Promise<boolean> {
  const read = () => app.request('GET', '/api/api-keys/summary', { as })
  const before = await read()
  const expires_at = new Date(app.clock.now() + 1_000_000).toISOString()
  const body = isItself ? { expires_at } : { is_active: false }
  expect((await app.request('PATCH', idPath.replace('{id}', id), { as: owner, body })).status).toBe(
    200,
  )
  const after = await read()
  expect([before.status, after.status, before.body.data.capped]).toEqual([200, 200, []])
  return before.text !== after.text
}

async function cellOf(call: Call, name: SituationName): Promise<ManagerCell> {
  const { as, id, token } = await keysOf(name, call)
  if (call.operation === 'GET /api/api-keys/summary') {
    return (await isCounted(as, id, situations[name].key === null)) ? 'yes' : 'no'
  }
  const [method = '', path = ''] = call.operation.split(' ')
  const { key } = situations[name]
  const bodies: Record<string, object> = {
    'POST /api/api-keys': key ?? { ...manager, may_grant: situations[name].mayGrant },
    'POST /api/api-keys/revoke': { ids: [id] },
    'POST /api/api-keys/lookup': { token },
    'POST /api/api-keys/explain': { token },
  }
  const searches: Record<string, string> = { 'GET /api/api-keys/usage': `?ids=${id}` }
  const body = { ...(bodies[call.operation] ?? call.body) }
  const {
    status,
    text,
    body: data,
  } = await app.request(method, path.replace('{id}', id) + (searches[call.operation] ?? ''), {
    as,
    ...(method !== 'GET' && { body: withTimes(body, app.clock.now()) }),
  })
  if (status === 401 || status === 403 || status === 404) return status
  expect(status, text).toBeLessThan(300)
  switch (call.operation) {
    case 'GET /api/api-keys':
      return data.data.some((each: { id: string }) => each.id === id) ? 'yes' : 'no'
    case 'GET /api/api-keys/usage':
      expect(data.data.missing).toEqual(data.data.keys.length === 1 ? [] : [id])
      return data.data.keys.length === 1 ? 'yes' : 'no'
    case 'GET /api/audit-events':
      return data.data.some((each: { key_id: string }) => each.key_id === id) ? 'yes' : 'no'
    case 'POST /api/api-keys/revoke':
      expect(data.data).toEqual(
        data.data.revoked === 1 ? { revoked: 1, missing: [] } : { revoked: 0, missing: [id] },
      )
      return data.data.revoked === 1 ? 'yes' : 'no'
    default:
      return 'yes'
  }
}

describe('each call of a managing key responds as the table states, by bound', () => {
  const ofKeys = permissions.filter(({ call }) => !call.operation.includes(endpointPaths))
  it.each(ofKeys.map((row) => [`${row.call.operation} ${row.call.does ?? ''}`.trim(), row]))(
    '%s',
    async (_, row) => {
      const { call, cells } = row as (typeof permissions)[number]
      const seen: Record<string, ManagerCell> = {}
      for (const name of names) seen[name] = await cellOf(call, name)
      expect(seen).toEqual(cells)
    },
  )
})

describe('each operation of webhook endpoints responds as the table states, by bound', () => {
  const row = permissions.find(({ call }) => call.operation.includes(endpointPaths))
  const operations = operationsOf(document).filter(({ path }) => path.startsWith(endpointPaths))
  const noEndpoint = crypto.randomUUID()
  const bodies: Record<string, object> = {
    [`post ${endpointPaths}`]: { url: 'https://example.com/' },
    [`patch ${endpointPaths}/{id}`]: {},
  }

  it.each(operations.map((each) => [`${each.method.toUpperCase()} ${each.path}`, each]))(
    '%s',
    async (_, operation) => {
      const { method, path } = operation as (typeof operations)[number]
      await env.DB.prepare('DELETE FROM webhook_endpoint WHERE account_id = ?')
        .bind(account.id)
        .run()
      const body = bodies[`${method} ${path}`] ?? (method === 'post' ? {} : undefined)
      const seen: Record<string, unknown> = {}
      for (const name of names) {
        const url = path.replaceAll(/\{\w+\}/g, noEndpoint)
        const answer = await app.request(method.toUpperCase(), url, {
          as: shared[name].key,
          ...(body && { body }),
        })
        // Who may finds no endpoint.
        seen[name] = answer.status === 403 ? 403 : 'yes'
        expect([200, 201, 403, 404, 409], answer.text).toContain(answer.status)
      }
      expect(seen).toEqual(row?.cells)
    },
  )
})

it('an operation for managing keys without a row is an error', () => {
  const get = { responses: {}, security: [{ apiKey: ['keys:manage'] }] }
  const grown = { ...document, paths: { '/api/new': { get } } }
  expect(() => managerPermissionsOf(grown, app.isolate)).toThrow('GET /api/new has no row.')
})

// What one account changes as a whole is no work for the others: their keys go on from the memory of each isolate.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeKey, outcome } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import { markPlatform } from '../support/permission-matrix.ts'
import { addPerson, createStillClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const clock = createStillClock()
const watch = watchBindings()
let app: TestApp

type Place = { id: string; owner: string; key: string; keyId: string }
let platform: string
let changing: Place
let neighbour: Place

/** The first digits of an id say in which group of accounts it is. */
async function openIn(group: string, name: string) {
  const id = group + crypto.randomUUID().slice(group.length)
  await env.DB.prepare(
    'INSERT INTO organization (id, name, slug, created_at) VALUES (?1, ?2, ?1, 1)',
  )
    .bind(id, name)
    .run()
  return { id, owner: (await addPerson(id, 'owner')).jwt }
}

async function openPlace(group: string, name: string): Promise<Place> {
  const account = await openIn(group, name)
  const { key, id: keyId } = await makeKey(app, account.owner, { scopes: [], external_id: 'all' })
  return { ...account, key, keyId }
}

const openIsolate = () => createTestApp({ clock, bindings: watch.bindings })
const me = (isolate: TestApp, { key }: Place) => isolate.request('GET', '/api/v1/me', { key })

/** The calls of a verification, but for the message that a test app sends for each request. */
async function costOf(isolate: TestApp, place: Place, answer = '200') {
  watch.clear()
  expect(await outcome(me(isolate, place))).toBe(answer)
  const { 'USAGE.send': _, ...cost } = watch.counts()
  return cost
}

beforeAll(async () => {
  app = await openIsolate()
  await openFence()
  const operator = await openIn('111', 'Platform')
  platform = operator.owner
  await markPlatform(operator.id)
  changing = await openPlace('222', 'Changing')
  neighbour = await openPlace('333', 'Neighbour')
})

const byPlatform = async (method: string, path: string, body?: unknown) => {
  const options = { as: platform, ...(body !== undefined && { body }) }
  expect((await app.request(method, `/api/accounts/${changing.id}${path}`, options)).status).toBe(
    200,
  )
}
const changes: [string, () => Promise<void>, string][] = [
  ['a rename', () => byPlatform('PATCH', '', { name: 'Renamed' }), '200'],
  ['a suspension', () => byPlatform('POST', '/suspend'), '401 account_suspended'],
  ['a resumption', () => byPlatform('POST', '/resume'), '200'],
  [
    'a revocation of all keys',
    async () => {
      const options = { as: changing.owner, body: { external_id: 'all' } }
      const revoked = await app.request('POST', '/api/api-keys/revoke', options)
      expect([revoked.status, revoked.body.data.revoked]).toEqual([200, 1])
    },
    '401 revoked_api_key',
  ],
]

describe('for the keys of another account', () => {
  it.each(changes)('%s costs no read of D1 and KV', async (_, change, after) => {
    const isolate = await openIsolate()
    for (const place of [changing, neighbour]) await me(isolate, place)
    expect(await costOf(isolate, neighbour)).toEqual({})
    await change()
    // The change waited longer than a lease, so that the view is over.
    expect(await costOf(isolate, neighbour)).toEqual({ 'FENCE.ask': 1 })
    expect(await costOf(isolate, neighbour)).toEqual({})
    // The keys that it concerns are read again.
    const concerned = Object.keys(await costOf(isolate, changing, after))
    expect(concerned.some((call) => /^(D1|KV)\./.test(call))).toBe(true)
  })
})

// Every id and every token of each account, tried by every other: all ids by the call that takes many, all tokens by
// verification, and ids one by one as often as asked. For 100 accounts with 100 keys each, by the API alone:
// `ISOLATION=100x100 ISOLATION_CALLS=1 npx vitest run test/worker/isolation-matrix.test.ts`.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { inOrder } from '../../src/http/routing/in-order.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { inAccount, makeSigningKey, markPlatform } from '../support/permission-matrix.ts'
import { ask, type By, type Maker, openTenant, type Tenant } from '../support/tenants.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `callsOfPair`: how many ids of each account every other one tries one by one. */
    isolation: { accounts: number; keysEach: number; callsOfPair: number }
  }
}

vi.spyOn(console, 'error').mockImplementation(() => {})

const { accounts, keysEach, callsOfPair } = inject('isolation')
const isLarge = accounts * keysEach > 1_000
const timeout = isLarge ? 3_600_000 : 120_000
const perImport = 100
const perBatch = 100
const perSelection = 1_000
const address = '192.0.2.7'

type Customer = Tenant & { verifier: string }

// A message for each request would take longer than the request, and so many unknown tokens are a flood.
const uncounted = { send: async () => {}, sendBatch: async () => {} } as unknown as Env['USAGE']
const FLOOD: Env['FLOOD'] = { limit: async () => ({ success: true }) }
const app = await createForeignTestApp({
  bindings: { USAGE: uncounted, FLOOD, SIGN_IN_PER_MINUTE: '1000000' as never },
})
const maker: Maker = { app, platformKey: '', address }
const customers: Customer[] = []

/** What a step did, said only of a large run. */
async function timed<Result>(what: string, count: number, work: () => Promise<Result>) {
  const start = performance.now()
  const result = await work()
  const seconds = (performance.now() - start) / 1_000
  if (isLarge) console.log(`${what}: ${count} in ${seconds.toFixed(0)} s`)
  return result
}

async function openCustomer(): Promise<Customer> {
  // All of one name, as are their keys and their people.
  const tenant = await openTenant(maker, 'The same name', 0)
  const by = { as: tenant.jwt }
  while (tenant.keys.length < keysEach) {
    const count = Math.min(perImport, keysEach - tenant.keys.length)
    const tokens = await Promise.all(Array.from({ length: count }, unkeyToken))
    const keys = tokens.map(({ digest, format }) => ({
      ...{ digest, format, name: 'Shop', scopes: ['contacts:read'] },
    }))
    const answer = await ask(maker, by, ['POST', '/api/api-keys/import'], { keys })
    for (const [at, { id, result }] of answer.body.data.entries()) {
      expect(result).toBe('created')
      tenant.keys.push({ id, key: tokens[at]?.token ?? '' })
    }
  }
  const { key: verifier } = await makeKey(app, tenant.jwt, { scopes: ['keys:verify'] })
  return { ...tenant, verifier }
}

beforeAll(async () => {
  await makeSigningKey(app)
  const platform = await openAccount('Platform')
  await markPlatform(platform.id)
  const expires_at = new Date(app.clock.now() + 80 * 86_400_000).toISOString()
  const grant = { scopes: ['platform:manage'], may_grant: {}, allowed_ips: [address], expires_at }
  maker.platformKey = (await makeKey(app, platform.owner.jwt, grant)).key
  await timed('accounts', accounts, async () => {
    const numbers = Array.from({ length: accounts }, (_, number) => number)
    customers.push(...(await inOrder(numbers, openCustomer)))
  })
}, timeout)

const pairs = () =>
  customers.flatMap((ours) =>
    customers.flatMap((theirs) => (ours === theirs ? [] : [{ ours, theirs }])),
  )

function pagesOf<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, page) => items.slice(page * size, (page + 1) * size))
}

const stateOf = async () => {
  const tables = ['api_key', 'webhook_endpoint', 'invitation', 'member', 'organization']
  const read = async (table: string) =>
    (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results
  return JSON.stringify(await Promise.all([...tables, 'audit_event'].map(read)))
}

type Ids = Pick<Tenant, 'id' | 'endpoint' | 'delivery' | 'invitation' | 'memberId'>
type Call = { by: By; request: [string, string]; body?: unknown; headers?: Record<string, string> }

/** Each kind of id of another account, at the routes that take one. */
function callsOf({ manager, cookie }: Tenant, ids: Ids, keyId: string): Call[] {
  const byKey = (request: Call['request'], body?: unknown): Call => ({
    ...{ by: { as: manager }, request, body },
  })
  const inPerson = (path: string, body: unknown): Call => ({
    ...{ by: { cookie }, request: ['POST', `/api/auth/organization/${path}`], body },
  })
  const [key, endpoint] = [`/api/api-keys/${keyId}`, `/api/webhook-endpoints/${ids.endpoint}`]
  return [
    byKey(['GET', key]),
    byKey(['PATCH', key], { name: 'Theirs' }),
    byKey(['POST', `${key}/rotate`], {}),
    byKey(['DELETE', key]),
    byKey(['GET', `${key}/usage`]),
    byKey(['POST', '/api/api-keys/explain'], { key_id: keyId }),
    byKey(['GET', endpoint]),
    byKey(['DELETE', endpoint]),
    byKey(['GET', `${endpoint}/deliveries/${ids.delivery}`]),
    { ...byKey(['GET', '/api/api-keys']), headers: inAccount(ids.id) },
    inPerson('cancel-invitation', { invitationId: ids.invitation }),
    inPerson('remove-member', { memberIdOrEmail: ids.memberId }),
  ]
}

/** The answer, but for the id of the request. */
async function told({ by, request, body, headers = {} }: Call) {
  const { status, body: answer, text } = await ask(maker, by, request, body, headers)
  return { status, said: answer === null ? text : { ...answer, request_id: null } }
}

/** Nothing of any account has changed by the work. */
async function changingNothing(work: () => Promise<unknown>) {
  const before = await stateOf()
  await work()
  expect((await stateOf()) === before).toBe(true)
}

describe('of each account, tried by every other', () => {
  it('every token is unknown, and valid for its own', { timeout }, async () => {
    const codesFor = async (key: string, tokens: string[]) => {
      const keys = tokens.map((token) => ({ token, ip: address }))
      const answer = await ask(maker, { as: key }, ['POST', '/api/v1/keys/verify-batch'], { keys })
      expect(answer.status, answer.text).toBe(200)
      return new Set(answer.body.data.map((each: object) => JSON.stringify(each)))
    }
    const unknown = await codesFor(customers[0]?.verifier ?? '', [(await unkeyToken()).token])
    const tries = pairs().flatMap(({ ours, theirs }) =>
      pagesOf(theirs.keys, perBatch).map((page) => ({ ours, tokens: page.map(({ key }) => key) })),
    )
    await timed('tokens tried', accounts * (accounts - 1) * keysEach, () =>
      inOrder(tries, async ({ ours, tokens }) => {
        expect(await codesFor(ours.verifier, tokens)).toEqual(unknown)
      }),
    )
    for (const { verifier, keys } of customers) {
      for (const page of pagesOf(keys, perBatch)) {
        const tokens = page.map(({ key }) => key)
        const seen = [...(await codesFor(verifier, tokens))]
        expect(seen).toHaveLength(tokens.length)
        expect(seen.every((each) => String(each).includes('"valid":true'))).toBe(true)
      }
    }
  })

  it('every id names no key, by its owner and by its managing key', { timeout }, async () => {
    const tries = customers.flatMap((ours) => {
      const ids = customers.flatMap(({ keys }) => (keys === ours.keys ? [] : keys))
      return pagesOf(ids, perSelection).flatMap((page) =>
        // A JWT would expire in a large run.
        [{ as: ours.manager }, { cookie: ours.cookie }].map((by) => ({
          ...{ by, ids: page.map(({ id }) => id) },
        })),
      )
    })
    const count = 2 * accounts * (accounts - 1) * keysEach
    await changingNothing(() =>
      timed('ids tried in bulk', count, () =>
        inOrder(tries, async ({ by, ids }) => {
          const answer = await ask(maker, by, ['POST', '/api/api-keys/revoke'], { ids })
          expect(answer.status, answer.text).toBe(200)
          expect(answer.body.data).toEqual({ ...answer.body.data, revoked: 0, missing: ids })
        }),
      ),
    )
  })

  it('ids of every kind look unknown one by one', { timeout }, async () => {
    const none = crypto.randomUUID()
    const nobody = { id: none, endpoint: none, delivery: none, invitation: none, memberId: none }
    const [first] = customers as [Customer]
    const unknown = await inOrder(callsOf(first, nobody, none), told)
    expect(unknown.map(({ status }) => status)).toEqual(unknown.map(() => 404))
    const tries = pairs().flatMap(({ ours, theirs }, at) => {
      const { id } = theirs.keys[at % keysEach] as { id: string }
      const calls = [...callsOf(ours, theirs, id).entries()]
      // Where not all are tried, each pair begins with another.
      const start = at % calls.length
      return [...calls.slice(start), ...calls.slice(0, start)].slice(0, callsOfPair)
    })
    await changingNothing(() =>
      timed('ids tried one by one', tries.length, () =>
        inOrder(tries, async ([at, call]) => {
          expect([call, await told(call)]).toEqual([call, unknown[at]])
        }),
      ),
    )
  })

  it('each has all of its own', { timeout }, async () => {
    await inOrder(customers, async ({ id, cookie, keys }) => {
      const account = await ask(maker, { cookie }, ['GET', '/api/account'])
      // With the managing and the verifying key.
      expect(account.body.data).toMatchObject({ id, counts: { keys: keysEach + 2 } })
      const found = new Set<string>()
      for (let cursor = ''; cursor !== null; ) {
        const path = `/api/api-keys?limit=100${cursor && `&cursor=${cursor}`}`
        const page = await ask(maker, { cookie }, ['GET', path])
        for (const key of page.body.data) found.add(key.id)
        cursor = page.body.next_cursor
      }
      expect(keys.every((key) => found.has(key.id))).toBe(true)
      expect(found.size).toBe(keysEach + 2)
    })
  })
})

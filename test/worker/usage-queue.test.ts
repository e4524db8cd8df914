// Usage end to end, through workerd's own queue to the Worker's own consumer: the API reports what the
// endpoints answered, although the consumer dies after it stored a message and every message is redelivered.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import Latchkey from '../../src/index.ts'
import type { UsageMessage } from '../../src/usage/message.ts'
import { createRandom } from '../simulation/random.ts'
import { type Account, type MadeKey, makeKey, openAccount } from '../support/account.ts'
import { shuffled } from '../support/order.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { messageOf, totals } from '../support/usage.ts'

/** `owed`: messages to be redelivered. */
const consumer = { deliveries: 0, deaths: 0, owed: new Set<string>() }
const random = createRandom(7)

// The Worker's own consumer, which dies before it acknowledges what it stored: at each message's first delivery, and
// often later. How messages are put into batches depends on time, so chance alone would guarantee no number.
const consume = Latchkey.prototype.queue
vi.spyOn(Latchkey.prototype, 'queue').mockImplementation(async function (this: Latchkey, batch) {
  consumer.deliveries += batch.messages.length
  const survives = batch.messages.every(({ attempts }) => attempts > 1) && random.is(0.4)
  if (survives) {
    await consume.call(this, batch)
    for (const { id } of batch.messages) consumer.owed.delete(id)
    return
  }
  await consume.call(this, { ...batch, messages: batch.messages.map(unheard) } as MessageBatch)
  consumer.deaths++
  for (const { id } of batch.messages) consumer.owed.add(id)
  // Equivalent to throwing, without the log output.
  batch.retryAll()
})

function unheard({ id, timestamp, attempts, body }: Message): Message {
  return { id, timestamp, attempts, body, ack() {}, retry() {} } as Message
}

const sent: UsageMessage[] = []
let isolates: TestApp[]
let account: Account
let as: string

beforeAll(async () => {
  const clock = createSkippingClock()
  const send = (message: UsageMessage) => {
    sent.push(message)
    return env.USAGE.send(message)
  }
  const bindings = { USAGE: { send } as unknown as Env['USAGE'] }
  isolates = await Promise.all([1, 2, 3].map(() => createTestApp({ clock, bindings })))
  account = await openAccount()
  as = account.owner.jwt
})
afterAll(() => vi.restoreAllMocks())

const app = () => random.one(isolates)
const issue = (body: Record<string, unknown> = {}) => makeKey(app(), as, body)

/** A request, and what it must count for which key. */
type Endpoint = { call(at: TestApp): Promise<unknown>; counts: Counted[] }
type Counted = [of: MadeKey, code: string, by?: number]

/** The endpoints, and what their set-up counted. */
async function createEndpoints(): Promise<{
  endpoints: Endpoint[]
  before: Counted[]
  foreignId: string
}> {
  const reader = await issue({ scopes: ['contacts:read'] })
  const local = await issue({ allowed_ips: ['192.0.2.1'] })
  const gone = await issue()
  await app().request('DELETE', `/api/api-keys/${gone.id}`, { as })
  const service = await issue({ scopes: ['keys:verify'] })
  const manager = await issue({ scopes: ['keys:manage'] })
  const get =
    (path: string, key: string, headers = {}) =>
    (at: TestApp) =>
      at.request('GET', path, { key, headers })
  const post = (path: string, body: object) => (at: TestApp) =>
    at.request('POST', path, { key: service.key, body })
  const wanting = { token: reader.key, scopes: ['messages:send'] }
  const foreign = await makeKey(app(), (await openAccount('Globex')).owner.jwt)
  const limited = await issue({ rate_limit: { limit: 1, window_seconds: 86_400 } })
  const spent = await issue({ credits: { remaining: 0 } })
  await app().request('GET', '/api/v1/me', { key: limited.key })
  const nginx = { 'x-original-method': 'GET', 'x-original-uri': '/api/messages' }
  const endpoints: Endpoint[] = [
    { call: get('/api/v1/me', reader.key), counts: [[reader, 'valid']] },
    { call: get('/api/contacts', reader.key), counts: [[reader, 'valid']] },
    { call: get('/api/messages', reader.key), counts: [[reader, 'insufficient_scope']] },
    {
      call: get('/forward-auth/nginx/crm', reader.key, nginx),
      counts: [[reader, 'insufficient_scope']],
    },
    { call: get('/api/v1/me', local.key), counts: [[local, 'ip_not_allowed']] },
    { call: get('/api/v1/me', gone.key), counts: [[gone, 'revoked_api_key']] },
    // No scope covers it: the policy refuses a request whose verdict is valid.
    { call: get('/api/unlisted', reader.key), counts: [[reader, 'forbidden']] },
    { call: get('/api/v1/me', limited.key), counts: [[limited, 'rate_limited']] },
    { call: get('/api/v1/me', spent.key), counts: [[spent, 'credits_exhausted']] },
    { call: get('/api/v1/me', 'nonsense'), counts: [] },
    { call: get('/api/scopes', manager.key), counts: [[manager, 'valid']] },
    {
      call: post('/api/v1/keys/verify', { token: reader.key }),
      counts: [
        [service, 'valid'],
        [reader, 'valid'],
      ],
    },
    {
      // No request is counted for a key of another account: the verifier has no access to it.
      call: post('/api/v1/keys/verify-batch', {
        keys: [wanting, { token: gone.key }, wanting, { token: foreign.key }],
      }),
      counts: [
        [service, 'valid'],
        [reader, 'insufficient_scope', 2],
        [gone, 'revoked_api_key'],
        [foreign, 'valid', 0],
      ],
    },
    {
      call: (at) =>
        at.request('POST', '/api/v1/introspect', {
          as: service.key,
          body: new URLSearchParams({ token: local.key, ip: '192.0.2.1' }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      counts: [
        [service, 'valid'],
        [local, 'valid'],
      ],
    },
  ]
  return { endpoints, before: [[limited, 'valid']], foreignId: foreign.id }
}

/** Sends marks after everything else, and waits until they are counted and nothing is redelivered. */
async function drained() {
  const marks = Array.from({ length: 10 }, () => crypto.randomUUID())
  const messages = marks.map((mark) => ({
    body: messageOf({ [mark]: [[mark, Date.now(), 'valid', 1]] }),
  }))
  await env.USAGE.sendBatch(messages)
  const haveArrived = async () => {
    expect(consumer.owed.size).toBe(0)
    const counted = await Promise.all(marks.map((mark) => totals(mark, mark)))
    expect(counted).toEqual(marks.map(() => ({ valid: 1 })))
  }
  await vi.waitFor(haveArrived, { timeout: 180_000, interval: 100 })
}

/** The rows of each table of D1, and the sequence, which every change bumps. */
async function tablesOfD1(): Promise<Record<string, unknown>> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
  ).all<{ name: string }>()
  const counts = results.map(async ({ name }) => [
    name,
    await env.DB.prepare(`SELECT count(*) AS rows FROM "${name}"`).first('rows'),
  ])
  const sequence = await env.DB.prepare('SELECT value FROM sequence').first('value')
  return { ...Object.fromEntries(await Promise.all(counts)), sequence }
}

it('reports the exact count of every endpoint over a queue that redelivers', async () => {
  const { endpoints, before, foreignId } = await createEndpoints()
  const expected = new Map<string, Record<string, number>>()
  const tally = ([{ id }, code, by = 1]: Counted) => {
    const counted = expected.get(id) ?? {}
    expected.set(id, by === 0 ? counted : { ...counted, [code]: (counted[code] ?? 0) + by })
  }
  before.forEach(tally)
  const inD1 = await tablesOfD1()
  for (let request = 0; request < 120; request++) {
    const { call, counts } =
      request < endpoints.length ? (endpoints[request] as Endpoint) : random.one(endpoints)
    await call(app())
    counts.forEach(tally)
  }
  const again = shuffled(sent, random).map((body) => ({ body }))
  while (again.length > 0) await env.USAGE.sendBatch(again.splice(0, 100))
  await drained()
  // Nothing of a request, of its message or of its redelivery is written there.
  expect(await tablesOfD1()).toEqual(inD1)

  expect(expected.size).toBe(8)
  for (const [id, counts] of expected) {
    const path = `/api/api-keys/${id}/usage`
    const own = await app().request('GET', path, { as })
    if (Object.keys(counts).length === 0) expect(own.status).toBe(404)
    else {
      expect(own.body.data.counts).toEqual(counts)
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
      expect(own.body.data.total).toBe(total)
    }
  }
  const whole: Record<string, number> = {}
  for (const [id, counts] of expected) {
    if (id === foreignId) continue
    for (const [code, count] of Object.entries(counts)) whole[code] = (whole[code] ?? 0) + count
  }
  const { data } = (await app().request('GET', '/api/usage?group_by=key', { as })).body
  expect(data.counts).toEqual(whole)
  expect(data.other).toEqual({ total: 0, counts: {} })
  for (const { value, counts } of data.groups) expect(counts).toEqual(expected.get(value))
  // Everything was sent twice, and each of that delivered at least twice.
  expect(consumer.deaths).toBeGreaterThan(2)
  expect(consumer.deliveries).toBeGreaterThanOrEqual(4 * sent.length)
})

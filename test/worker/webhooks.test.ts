// Webhooks from the change of a key to the receiver: payloads, recipients, retries, and that nothing
// is lost. The queue is delivered by hand and the clock skips; the reference library checks signatures.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import { createDocument, eventsOf } from '../../src/http/openapi/document.ts'
import { noticeExpiring } from '../../src/storage/expiry-notices.ts'
import { waitAfter } from '../../src/webhooks/schedule.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { contentOf, judge } from '../support/contract.ts'
import { addEndpoint, type Outside, openOutside, verified } from '../support/outside.ts'
import { createTestApp } from '../support/test-app.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

let outside: Outside
const path = (id: string, more = '') => `/api/webhook-endpoints/${id}${more}`

beforeAll(async () => {
  outside = await openOutside()
})
// Whatever the tests of this file sent, to the last field.
afterAll(() => {
  const document = createDocument(outside.app.isolate, env.BASE_URL)
  const schemas = new Map(
    eventsOf(document).map(({ type, operation }) => [
      type,
      contentOf(operation.requestBody)['application/json']?.schema,
    ]),
  )
  for (const { body } of outside.received) {
    judge(document, schemas.get(body.type), body, `the message of ${body.type}`)
  }
  // The others: test/worker/openapi.test.ts.
  const types = [...schemas.keys()].filter((type) => !/imported|leaked|ping/.test(type))
  expect([...new Set(outside.received.map(({ body }) => body.type))].sort()).toEqual(types.sort())
})

/** An account with an endpoint, so that no test receives messages of another. */
async function open(body: Record<string, unknown> = {}) {
  const account = await openAccount()
  const endpoint = await addEndpoint(outside, account, body)
  const as = account.owner.jwt
  const { app, received, answers, types } = outside
  return {
    ...{ account, endpoint, as },
    eventTypes: () => types(endpoint.url),
    messages: () => received.filter(({ url }) => url === endpoint.url),
    answer: (answer: () => Response | Promise<Response>) => answers.set(endpoint.url, answer),
    call: (method: string, at: string, sent?: unknown) =>
      app.request(method, at, { as, ...(sent !== undefined && { body: sent }) }),
    async log(query = '') {
      const at = path(endpoint.id, `/deliveries${query}`)
      return (await app.request('GET', at, { as })).body.data
    },
    async endpointNow() {
      return (await app.request('GET', path(endpoint.id), { as })).body.data
    },
  }
}

const fail =
  (status = 500) =>
  () =>
    new Response('no', { status })

describe('a change of a key is sent', () => {
  it('after the response, signed, and without any secret', async () => {
    const { account, endpoint, as, messages, eventTypes } = await open()
    const body = {
      name: 'Ünïcode 🔑',
      scopes: ['contacts:read'],
      external_id: 'c-1',
      metadata: { a: 1 },
    }
    const made = await makeKey(outside.app, as, body)
    await outside.pump()
    expect(eventTypes()).toEqual(['key.created'])
    const [message] = messages()
    if (message === undefined) throw new Error('Nothing arrived.')
    const { headers, text } = message
    expect(verified(endpoint.secret, message)).toEqual(message.body)
    expect(headers['content-type']).toBe('application/json')
    const audit = await outside.app.request('GET', `/api/audit-events?key_id=${made.id}`, { as })
    expect(headers['webhook-id']).toBe(audit.body.data[0].id)
    expect(message.body).toMatchObject({
      type: 'key.created',
      data: {
        account: { id: account.id, name: account.name },
        actor: { kind: 'person', id: account.owner.id },
        key: {
          ...body,
          id: made.id,
          key_prefix: made.key_prefix,
          environment: 'live',
          is_active: true,
          expires_at: null,
        },
      },
    })
    expect(message.body.timestamp).toBe(message.body.data.key.created_at)
    expect(text).not.toContain(made.key)
    expect(text).not.toContain(await digestOf(made.key))
  })

  it('for every kind: updated, disabled, rotated, revoked', async () => {
    const { as, call, messages } = await open()
    const { id } = await makeKey(outside.app, as)
    const expires_at = new Date(outside.clock.now() + 90 * day).toISOString()
    await call('PATCH', `/api/api-keys/${id}`, { name: 'New', expires_at })
    await call('PATCH', `/api/api-keys/${id}`, { name: 'New' })
    await call('PATCH', `/api/api-keys/${id}`, { is_active: false })
    await call('PATCH', `/api/api-keys/${id}`, { is_active: true })
    const rotated = await call('POST', `/api/api-keys/${id}/rotate`, { overlap_seconds: 60 })
    await call('DELETE', `/api/api-keys/${id}`)
    await call('DELETE', `/api/api-keys/${id}`)
    await outside.pump()
    const events = messages().map(({ body: { type, data } }) => [type, data])
    expect(events).toMatchObject([
      ['key.created', {}],
      ['key.updated', { changed: ['name', 'expires_at'], key: { name: 'New', expires_at } }],
      ['key.updated', { changed: ['is_active'], key: { is_active: false } }],
      ['key.updated', { changed: ['is_active'], key: { is_active: true } }],
      ['key.rotated', { overlap_seconds: 60, key: { id, replaced_by: rotated.body.data.id } }],
      ['key.revoked', { reason: null, key: { id, is_active: false } }],
    ])
  })

  it('for each key of a bulk revocation, and for a key that revokes itself', async () => {
    const { as, call, messages, eventTypes } = await open({ events: ['key.revoked'] })
    const keys = [await makeKey(outside.app, as), await makeKey(outside.app, as)]
    await call('POST', '/api/api-keys/revoke', { ids: keys.map(({ id }) => id) })
    const own = await makeKey(outside.app, as)
    await outside.app.request('DELETE', '/api/v1/me', { key: own.key })
    await outside.pump()
    expect(eventTypes()).toEqual(['key.revoked', 'key.revoked', 'key.revoked'])
    const ids = messages().map(({ body }) => body.data.key.id)
    expect(new Set(ids)).toEqual(new Set([...keys, own].map(({ id }) => id)))
    expect(messages()[2]?.body.data.actor).toEqual({ kind: 'key', id: own.id })
  })

  it('only to subscribed, enabled endpoints of that account', async () => {
    const one = await open({ events: ['key.rotated', 'key.revoked'] })
    const other = await open()
    await outside.app.request('PATCH', path(other.endpoint.id), {
      as: other.as,
      body: { is_active: false },
    })
    await makeKey(outside.app, other.as)
    const { id } = await makeKey(outside.app, one.as)
    await one.call('DELETE', `/api/api-keys/${id}`)
    await outside.pump()
    expect(one.eventTypes()).toEqual(['key.revoked'])
    expect(other.eventTypes()).toEqual([])
  })

  it('without an outbox row when no endpoint subscribes', async () => {
    const account = await openAccount()
    await makeKey(outside.app, account.owner.jwt)
    const events = env.DB.prepare('SELECT count(*) AS n FROM webhook_event WHERE account_id = ?')
    expect(await events.bind(account.id).first('n')).toBe(0)
  })

  it('in the same transaction as the change', async () => {
    const { account, as } = await open()
    await env.DB.exec(
      `CREATE TRIGGER broken BEFORE INSERT ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'full'); END`,
    )
    const refused = await outside.app.request('POST', '/api/api-keys', { as, body: { name: 'x' } })
    await env.DB.exec('DROP TRIGGER broken')
    expect(refused.status).toBe(500)
    const keys = env.DB.prepare('SELECT count(*) AS n FROM api_key WHERE account_id = ?')
    expect(await keys.bind(account.id).first('n')).toBe(0)
  })
})

describe('an attempt that fails', () => {
  it('is retried after 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, with the same id', async () => {
    const { as, answer, messages, log, endpointNow } = await open({ events: ['key.created'] })
    answer(fail())
    const key = await makeKey(outside.app, as)
    const short = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour]
    const waits = [...short, 20 * hour, 24 * hour]
    expect(waits.map((_, at) => waitAfter(at + 1, 'key.created'))).toEqual(waits)
    for (const wait of [0, ...waits]) {
      const before = messages().length
      // The clock runs on while the test does: a second's margin is too little on a busy machine.
      outside.clock.skip(wait / 2)
      if (wait > 0) await outside.drain()
      expect(messages().length, `${wait} ms, half of it too early`).toBe(before)
      expect((await endpointNow()).is_active).toBe(true)
      outside.clock.skip(wait / 2)
      await outside.drain()
      expect(messages().length, `${wait} ms`).toBe(before + 1)
    }
    expect(messages().length).toBe(10)
    expect(new Set(messages().map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(messages().map(({ text }) => text)).size).toBe(1)
    expect(new Set(messages().map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
    const end = { status: 'failed', attempts: 10, last_status: 500, last_error: 'Answered 500' }
    expect(await log()).toMatchObject([{ ...end, next_attempt_at: null }])
    expect(messages()[0]?.body.data.key.id).toBe(key.id)
    outside.clock.skip(48 * hour)
    await outside.drain()
    expect(messages().length).toBe(10)
  })

  it('for the last time disables an endpoint that accepted nothing since, and is audited', async () => {
    const { as, call, answer, endpoint, endpointNow, log } = await open({ events: ['key.created'] })
    answer(fail(503))
    await makeKey(outside.app, as)
    await exhaust()
    expect(await endpointNow()).toMatchObject({ is_active: false, disabled_reason: 'failing' })
    const audit = await call('GET', '/api/audit-events?action=webhook_endpoint.disabled')
    expect(audit.body.data).toMatchObject([
      {
        actor: { kind: 'system' },
        detail: { endpoint_id: endpoint.id, url: endpoint.url, reason: 'failing' },
      },
    ])
    await call('PATCH', path(endpoint.id), { is_active: true })
    expect(await endpointNow()).toMatchObject({ is_active: true, disabled_reason: null })
    expect((await log()).length).toBe(1)
  })

  it('for the last time leaves an endpoint enabled that accepted others meanwhile', async () => {
    const { as, answer, messages, endpointNow, log } = await open({ events: ['key.created'] })
    const first = await makeKey(outside.app, as)
    answer(() => {
      const { body } = messages().at(-1) ?? {}
      return new Response(null, { status: body.data.key.id === first.id ? 500 : 204 })
    })
    await outside.drain()
    await makeKey(outside.app, as)
    await exhaust()
    const statuses = (await log()).map(({ status }: { status: string }) => status)
    expect(statuses.sort()).toEqual(['delivered', 'failed'])
    expect((await endpointNow()).is_active).toBe(true)
  })

  it('with 410 disables the endpoint at once, and pending messages are not sent', async () => {
    const { as, answer, endpoint, endpointNow, log, messages, call } = await open()
    answer(fail())
    await makeKey(outside.app, as)
    await outside.pump()
    answer(fail(410))
    await makeKey(outside.app, as)
    await outside.pump()
    expect(await endpointNow()).toMatchObject({ is_active: false, disabled_reason: 'gone' })
    const ends = await log()
    expect(ends.map(({ status }: { status: string }) => status)).toEqual(['failed', 'failed'])
    expect(ends[1].last_error).toBe('The endpoint is disabled')
    outside.clock.skip(hour)
    await outside.drain()
    expect(messages().length).toBe(2)
    const resend = path(endpoint.id, `/deliveries/${ends[0].id}/resend`)
    expect((await call('POST', resend)).status).toBe(409)
    expect((await call('POST', path(endpoint.id, '/test'))).status).toBe(409)
  })

  it.each([
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://x.example' } }),
      302,
    ],
    ['no answer in 20 s', () => Promise.reject(new DOMException('late', 'TimeoutError')), null],
    ['a broken connection', () => Promise.reject(new TypeError('Network connection lost.')), null],
    ['an unexpected status', () => new Response(null, { status: 304 }), 304],
  ])('includes %s', async (_, answered, status) => {
    const { as, answer, log } = await open()
    answer(answered)
    await makeKey(outside.app, as)
    await outside.pump()
    expect(await log()).toMatchObject([{ status: 'pending', attempts: 1, last_status: status }])
  })

  async function exhaust() {
    for (let attempt = 0; attempt < 11; attempt++) {
      await outside.drain()
      outside.clock.skip(24 * hour)
    }
    await outside.drain()
  }
})

describe('no message is lost', () => {
  it('when the queue is down: the change succeeds, and the reconciler sends', async () => {
    const { as, eventTypes } = await open()
    const { sendBatch } = outside.app.bindings.WEBHOOKS
    outside.app.bindings.WEBHOOKS.sendBatch = () => Promise.reject(new Error('down'))
    await makeKey(outside.app, as)
    outside.app.bindings.WEBHOOKS.sendBatch = sendBatch
    await outside.drain()
    expect(eventTypes()).toEqual([])
    outside.clock.skip(2 * minute)
    await outside.drain()
    expect(eventTypes()).toEqual(['key.created'])
  })

  it('when the queue loses its messages', async () => {
    const { as, eventTypes } = await open()
    await makeKey(outside.app, as)
    outside.queued.splice(0)
    outside.clock.skip(2 * minute)
    await outside.drain()
    expect(eventTypes()).toEqual(['key.created'])
  })

  it('when a Worker dies during an attempt: it is retried with the same id', async () => {
    const { as, answer, messages, log } = await open()
    const { promise: late, resolve: release } = Promise.withResolvers<Response>()
    answer(() => late)
    await makeKey(outside.app, as)
    const dead = outside.pump()
    await expect.poll(() => messages().length).toBe(1)
    answer(() => new Response('thanks'))
    // The clock runs on: half a minute is more than the test takes.
    outside.clock.skip(minute / 2)
    await outside.drain()
    expect(messages().length).toBe(1)
    outside.clock.skip(minute / 2)
    await outside.drain()
    expect(messages().length).toBe(2)
    expect(messages()[1]?.headers['webhook-id']).toBe(messages()[0]?.headers['webhook-id'])
    expect(await log()).toMatchObject([{ status: 'delivered', attempts: 2 }])
    // Nothing of the test is left running in its workerd.
    release(new Response('too late'))
    await dead
  })

  it('when D1 fails before the outcome is written: delivery is at least once', async () => {
    const { as, messages, log } = await open()
    await makeKey(outside.app, as)
    await env.DB.exec(
      `CREATE TRIGGER broken BEFORE UPDATE OF status ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'x'); END`,
    )
    await outside.pump()
    await env.DB.exec('DROP TRIGGER broken')
    expect(await log()).toMatchObject([{ status: 'pending' }])
    outside.clock.skip(minute)
    await outside.drain()
    expect(messages().length).toBe(2)
    expect(await log()).toMatchObject([{ status: 'delivered' }])
  })

  it('and none is sent twice when the queue redelivers its messages, at once or late', async () => {
    const { as, eventTypes, answer } = await open()
    answer(fail())
    await makeKey(outside.app, as)
    const late = outside.queued.map(({ body }) => ({ body, dueAt: outside.clock.now() }))
    await outside.pump(7)
    expect(eventTypes()).toEqual(['key.created'])
    outside.queued.push(...late)
    await outside.pump(3)
    expect(eventTypes()).toEqual(['key.created'])
  })

  it('while D1 is being restored: what is due waits', async () => {
    const { as, eventTypes } = await open()
    await makeKey(outside.app, as)
    outside.app.bindings.CHANGES = 'stopped' as never
    await outside.drain()
    outside.clock.skip(3 * minute)
    await outside.drain()
    expect(eventTypes()).toEqual([])
    outside.app.bindings.CHANGES = 'on'
    await outside.drain()
    expect(eventTypes()).toEqual(['key.created'])
  })
})

describe('a key that is about to expire', () => {
  const inDays = (days: number) => ({
    expires_at: new Date(outside.clock.now() + days * day).toISOString(),
  })
  /** The next minute in which the reconciler runs. */
  async function scan() {
    const tenMinutes = 10 * minute
    outside.clock.skip(tenMinutes - (outside.clock.now() % tenMinutes))
    await outside.drain()
  }

  it('is notified 7 days and 1 day before, once each', async () => {
    const { as, messages } = await open({ events: ['key.expiring'] })
    const { id } = await makeKey(outside.app, as, inDays(7.1))
    await scan()
    expect(messages().length).toBe(0)
    outside.clock.skip(0.1 * day)
    for (let times = 0; times < 3; times++) await scan()
    expect(messages().map(({ body }) => body.data)).toMatchObject([{ within_days: 7, key: { id } }])
    outside.clock.skip(6 * day)
    for (let times = 0; times < 3; times++) await scan()
    expect(messages().map(({ body }) => body.data.within_days)).toEqual([7, 1])
    outside.clock.skip(day)
    await scan()
    expect(messages().length).toBe(2)
    expect(messages()[0]?.headers['webhook-id']).not.toBe(messages()[1]?.headers['webhook-id'])
  })

  it('is notified again when its expiry changes, and not when it is disabled or revoked', async () => {
    const { as, call, messages } = await open({ events: ['key.expiring'] })
    const { id } = await makeKey(outside.app, as, inDays(3))
    const revoked = await makeKey(outside.app, as, inDays(3))
    const disabled = await makeKey(outside.app, as, inDays(0.5))
    await call('DELETE', `/api/api-keys/${revoked.id}`)
    await call('PATCH', `/api/api-keys/${disabled.id}`, { is_active: false })
    await scan()
    await call('PATCH', `/api/api-keys/${id}`, inDays(5))
    await scan()
    await call('PATCH', `/api/api-keys/${id}`, { expires_at: null })
    await scan()
    expect(messages().map(({ body }) => body.data.key.id)).toEqual([id, id])
  })

  const events = async (id: string) => {
    const { results } = await env.DB.prepare(
      `SELECT data ->> '$.key.id' AS id, data ->> '$.detail.within_days' AS days FROM webhook_event
       WHERE type = 'key.expiring' AND account_id = ? ORDER BY rowid`,
    )
      .bind(id)
      .all<{ id: string; days: number }>()
    return results
  }
  const forget = (id: string) =>
    env.DB.prepare("DELETE FROM webhook_event WHERE type = 'key.expiring' AND account_id = ?")
      .bind(id)
      .run()

  it('is read by one scan alone, and caught up by the next when scans were missed', async () => {
    const { as, account } = await open({ events: ['key.created'] })
    const { id } = await makeKey(outside.app, as, inDays(8))
    await makeKey(outside.app, as, inDays(20))
    await scan()
    outside.clock.skip(3 * day)
    await scan()
    expect(await events(account.id)).toEqual([{ id, days: 7 }])
    await forget(account.id)
    await scan()
    expect(await events(account.id)).toEqual([])
    outside.clock.skip(4.5 * day)
    await scan()
    expect(await events(account.id)).toEqual([{ id, days: 1 }])
    await forget(account.id)
    await scan()
    expect(await events(account.id)).toEqual([])
  })

  it('is notified when the first endpoint is made or enabled within the mark', async () => {
    const account = await openAccount()
    const { id } = await makeKey(outside.app, account.owner.jwt, inDays(3))
    await scan()
    await scan()
    expect(await events(account.id)).toEqual([])
    const endpoint = await addEndpoint(outside, account)
    await scan()
    expect(await events(account.id)).toEqual([{ id, days: 7 }])
    await forget(account.id)
    const call = (body: object) =>
      outside.app.request('PATCH', `/api/webhook-endpoints/${endpoint.id}`, {
        as: account.owner.jwt,
        body,
      })
    expect((await call({ is_active: false })).status).toBe(200)
    await scan()
    expect((await call({ is_active: true })).status).toBe(200)
    expect(await events(account.id)).toEqual([])
    await scan()
    expect(await events(account.id)).toEqual([{ id, days: 7 }])
  })

  it('is notified with as many others as there are, page by page, and again after a failure', async () => {
    const { as, account } = await open({ events: ['key.created'] })
    await scan()
    const soon = inDays(3)
    const ids: string[] = []
    for (let made = 0; made < 5; made++) ids.push((await makeKey(outside.app, as, soon)).id)
    const now = outside.clock.now()
    await env.DB.prepare(
      `CREATE TRIGGER refuse BEFORE INSERT ON webhook_event WHEN NEW.account_id = '${account.id}'
       BEGIN SELECT RAISE(ABORT, 'refused here'); END`,
    ).run()
    await expect(noticeExpiring(env.DB, now, { perStatement: 2 })).rejects.toThrow('refused here')
    await env.DB.prepare('DROP TRIGGER refuse').run()
    await noticeExpiring(env.DB, now, { perStatement: 2 })
    expect((await events(account.id)).map(({ id }) => id).sort()).toEqual(ids.sort())
    await forget(account.id)
    await noticeExpiring(env.DB, now, { perStatement: 2 })
    expect(await events(account.id)).toEqual([])
  })

  it('is read in several scans where many keys are in the mark, those of one moment in one', async () => {
    const { as, account } = await open({ events: ['key.created'] })
    await env.DB.prepare('DELETE FROM expiry_scan').run()
    const now = outside.clock.now()
    const ids: string[] = []
    for (const hours of [48, 48, 48, 50, 52, 54]) {
      ids.push((await makeKey(outside.app, as, inDays(hours / 24))).id)
    }
    await env.DB.prepare('DELETE FROM expiry_due').run()
    const found = async () => (await events(account.id)).map(({ id }) => id)
    const counts: number[] = []
    for (let scans = 0; scans < 8; scans++) {
      await noticeExpiring(env.DB, now, { perStatement: 2, pages: 1 })
      counts.push((await found()).length)
    }
    expect(counts[0]).toBeLessThan(6)
    expect((await found()).sort()).toEqual(ids.sort())
  })

  it('is found by an index', async () => {
    const due = await env.DB.prepare(
      `EXPLAIN QUERY PLAN SELECT id FROM webhook_delivery
       WHERE status = 'pending' AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT 100`,
    )
      .bind(1)
      .all()
    expect(JSON.stringify(due.results)).toContain('webhook_delivery_due')
  })
})

describe('credits that run low', () => {
  const verified = (as: string, token: string, cost: number) =>
    outside.app.request('POST', '/api/v1/keys/verify', { as, body: { token, cost } })

  it('are notified once a day, from any endpoint and any number of isolates', async () => {
    const { account, as, messages } = await open({ events: ['key.credits_low'] })
    const verifier = await makeKey(outside.app, as, { scopes: ['keys:verify'] })
    const { id, key } = await makeKey(outside.app, as, { credits: { remaining: 100 } })
    await verified(verifier.key, key, 90)
    await outside.pump()
    expect(messages()).toEqual([])
    await outside.app.request('GET', '/api/v1/me', { key })
    const other = await createTestApp({ clock: outside.clock, bindings: outside.app.bindings })
    await other.request('GET', '/api/v1/me', { key })
    await verified(verifier.key, key, 8)
    await outside.pump()
    const credits = { remaining: 9, mark: 10 }
    expect(messages().map(({ body }) => body.data)).toMatchObject([
      { account: { id: account.id }, key: { id }, credits },
    ])
    outside.clock.skip(day)
    await outside.app.request('GET', '/api/v1/me', { key })
    await outside.pump()
    expect(messages().length).toBe(2)
  })

  it('are notified by the next request when D1 was down', async () => {
    const { as, messages } = await open({ events: ['key.credits_low'] })
    const { key } = await makeKey(outside.app, as, { credits: { remaining: 10 } })
    const verifier = await makeKey(outside.app, as, { scopes: ['keys:verify'] })
    await verified(verifier.key, key, 9)
    await env.DB.exec(
      `CREATE TRIGGER broken BEFORE INSERT ON webhook_event BEGIN SELECT RAISE(ABORT, 'x'); END`,
    )
    await verified(verifier.key, key, 1)
    await env.DB.exec('DROP TRIGGER broken')
    await outside.pump()
    expect(messages()).toEqual([])
    await verified(verifier.key, key, 1)
    await outside.pump()
    expect(messages().map(({ body }) => body.data.credits)).toEqual([{ remaining: 0, mark: 1 }])
  })
})

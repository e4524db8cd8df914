// Management of webhook endpoints: permissions, validation, secrets and their rotation, the delivery log.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sendQueued } from '../../src/worker/queues.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { addEndpoint, type Outside, openOutside, verified } from '../support/outside.ts'

const day = 24 * 60 * 60_000
const base = '/api/webhook-endpoints'
let outside: Outside
let account: Account
const lines: string[] = []

beforeAll(async () => {
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)))
  }
  outside = await openOutside()
  account = await openAccount()
})
afterAll(() => vi.restoreAllMocks())

const call = (method: string, path: string, body?: unknown, as = account.owner.jwt) =>
  outside.app.request(method, path, { as, ...(body !== undefined && { body }) })
const receivedAt = (url: string) => outside.received.filter((each) => each.url === url)

describe('an endpoint', () => {
  it('is added, listed, read, changed and deleted, each with its audit event', async () => {
    const { id, url, secret } = await addEndpoint(outside, account, { description: 'Mine' })
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const view = { id, url, description: 'Mine', events: null, is_active: true }
    expect((await call('GET', `${base}/${id}`)).body.data).toMatchObject(view)
    expect((await call('GET', base)).body.data[0]).toMatchObject(view)
    const patch = { url: 'https://example.org/new', events: ['key.revoked', 'key.revoked'] }
    const changed = await call('PATCH', `${base}/${id}`, { ...patch, description: null })
    const now = { url: patch.url, events: ['key.revoked'], description: null }
    expect(changed.body.data).toMatchObject(now)
    expect((await call('PATCH', `${base}/${id}`, now)).status).toBe(200)
    expect((await call('DELETE', `${base}/${id}`)).status).toBe(200)
    expect((await call('GET', `${base}/${id}`)).status).toBe(404)
    const audit = await call('GET', '/api/audit-events?limit=3')
    expect(audit.body.data).toMatchObject([
      { action: 'webhook_endpoint.deleted', detail: { endpoint_id: id, url: patch.url } },
      { action: 'webhook_endpoint.updated', actor: { id: account.owner.id } },
      { action: 'webhook_endpoint.created', detail: { endpoint_id: id, url } },
    ])
    expect(audit.body.data[1].detail.changed).toEqual(now)
  })

  it('is listed by keyset pagination, each once', async () => {
    const own = await openAccount()
    const made = []
    for (let n = 0; n < 3; n++) made.push((await addEndpoint(outside, own)).id)
    const first = await call('GET', `${base}?limit=2`, undefined, own.owner.jwt)
    const next = `${base}?limit=2&cursor=${first.body.next_cursor}`
    const second = await call('GET', next, undefined, own.owner.jwt)
    const ids = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id)
    expect(ids.sort()).toEqual(made.sort())
    expect(second.body.next_cursor).toBeNull()
    expect((await call('GET', `${base}?cursor=x`)).status).toBe(400)
  })

  it('is limited to 20 an account, also under concurrent requests', async () => {
    const own = await openAccount()
    const body = { url: 'https://example.com/' }
    const add = () => call('POST', base, body, own.owner.jwt).then(({ status }) => status)
    const statuses = await Promise.all(Array.from({ length: 23 }, add))
    expect(statuses.filter((status) => status === 201).length).toBe(20)
    expect(statuses.filter((status) => status === 429).length).toBe(3)
  })

  it.each([
    [{}, 'url'],
    [{ url: 'http://example.com/' }, 'url'],
    [{ url: 'http://localhost:8787/' }, 'url'],
    [{ url: 'https://169.254.169.254/latest/meta-data' }, 'url'],
    [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url'],
    [{ url: 'https://2130706433/' }, 'url'],
    [{ url: 'https://user:pass@example.com/' }, 'url'],
    [{ url: 'https://example.com/', events: ['key.guessed'] }, 'events.0'],
    [{ url: 'https://example.com/', events: [] }, 'events'],
    [{ url: 'https://example.com/', description: 'x'.repeat(201) }, 'description'],
    [{ url: 'https://example.com/', secret: 'whsec_mine' }, 'secret'],
  ])('with %j is refused with a problem that names %s', async (body, path) => {
    const refused = await call('POST', base, body)
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request'])
    expect(refused.body.errors.map((error: { path: string }) => error.path)).toEqual([path])
  })

  it('cannot be changed to a URL that creation refuses', async () => {
    const { id, url } = await addEndpoint(outside, await freshAccount())
    const refused = await call('PATCH', `${base}/${id}`, { url: 'https://127.0.0.1/' })
    expect([refused.status, refused.body.errors[0].path]).toEqual([400, 'url'])
    expect((await call('GET', `${base}/${id}`)).body.data.url).toBe(url)
  })

  it('is not called when its stored URL is no longer allowed', async () => {
    const { id } = await addEndpoint(outside, await freshAccount())
    const url = 'https://192.168.0.1/router'
    await env.DB.prepare('UPDATE webhook_endpoint SET url = ? WHERE id = ?').bind(url, id).run()
    await call('POST', `${base}/${id}/test`)
    await outside.pump()
    const log = await call('GET', `${base}/${id}/deliveries`)
    expect(log.body.data[0]).toMatchObject({
      status: 'failed',
      last_error: 'The URL must not name a private or special address',
    })
    expect(receivedAt(url)).toEqual([])
  })

  /** A fresh account: the limit is twenty endpoints. */
  async function freshAccount() {
    account = await openAccount()
    return account
  }
})

describe('permissions', () => {
  it('let members read but not change; another account finds nothing', async () => {
    const { id } = await addEndpoint(outside, account)
    const ping = await call('POST', `${base}/${id}/test`)
    const delivery = `${base}/${id}/deliveries/${ping.body.data.id}`
    const reading = [base, `${base}/events`, `${base}/${id}`, `${base}/${id}/deliveries`, delivery]
    const changing: [string, string, unknown?][] = [
      ['POST', base, { url: 'https://example.com/' }],
      ['PATCH', `${base}/${id}`, { is_active: false }],
      ['DELETE', `${base}/${id}`],
      ['POST', `${base}/${id}/rotate-secret`, {}],
      ['POST', `${base}/${id}/test`],
      ['POST', `${delivery}/resend`],
    ]
    const { member, admin } = account
    for (const path of reading) {
      expect(await outcome(call('GET', path, undefined, member.jwt)), path).toBe('200')
    }
    for (const [method, path, body] of changing) {
      const as = `${method} ${path}`
      expect(await outcome(call(method, path, body, member.jwt)), as).toBe('403 forbidden')
      const unauthenticated = outside.app.request(method, path, body === undefined ? {} : { body })
      expect((await unauthenticated).status, as).toBe(401)
    }
    const outsider = (await openAccount()).owner.jwt
    for (const path of reading.filter((each) => each.includes(id))) {
      expect(await outcome(call('GET', path, undefined, outsider)), path).toBe('404 not_found')
    }
    for (const [method, path, body] of changing.filter(([, each]) => each.includes(id))) {
      expect(await outcome(call(method, path, body, outsider)), path).toBe('404 not_found')
    }
    expect((await call('GET', base, undefined, outsider)).body.data).toEqual([])
    expect(await outcome(call('PATCH', `${base}/${id}`, { is_active: false }, admin.jwt))).toBe(
      '200',
    )
    expect(await outcome(call('GET', `${base}/none`))).toBe('404 not_found')
    expect(await outcome(call('GET', `${base}/${id}/deliveries/none`))).toBe('404 not_found')
  })

  it('require keys:manage of a key; deliveries of another endpoint are not found', async () => {
    const plain = await makeKey(outside.app, account.owner.jwt)
    const managing = await makeKey(outside.app, account.owner.jwt, { scopes: ['keys:manage'] })
    expect(await outcome(call('GET', base, undefined, plain.key))).toBe('403 insufficient_scope')
    expect(await outcome(call('GET', base, undefined, managing.key))).toBe('200')
    const [one, two] = [await addEndpoint(outside, account), await addEndpoint(outside, account)]
    const { data } = (await call('POST', `${base}/${one.id}/test`)).body
    const path = `${base}/${two.id}/deliveries/${data.id}`
    expect(await outcome(call('GET', path))).toBe('404 not_found')
    expect(await outcome(call('POST', `${path}/resend`))).toBe('404 not_found')
  })

  it('refuse every change while D1 is being restored', async () => {
    outside.app.bindings.CHANGES = 'stopped' as never
    expect((await call('POST', base, { url: 'https://example.com/' })).status).toBe(503)
    outside.app.bindings.CHANGES = 'on'
  })
})

describe('a secret', () => {
  it('is returned once: in no later response, audit event or log line, and encrypted in D1', async () => {
    const { id, secret } = await addEndpoint(outside, account)
    const rotated = await call('POST', `${base}/${id}/rotate-secret`, {})
    expect(rotated.headers.get('cache-control')).toBe('no-store')
    await call('POST', `${base}/${id}/test`)
    await outside.pump()
    const answers = [
      await call('GET', `${base}/${id}`),
      await call('GET', base),
      await call('GET', `${base}/${id}/deliveries`),
      await call('GET', '/api/audit-events?limit=100'),
    ].map(({ text }) => text)
    const rows = await env.DB.prepare('SELECT * FROM webhook_endpoint WHERE id = ?').bind(id).all()
    const all = [...answers, ...lines, JSON.stringify(rows.results)].join('\n')
    for (const each of [secret, rotated.body.data.secret]) {
      expect(each).toMatch(/^whsec_/)
      expect(all).not.toContain(each.slice('whsec_'.length, 24))
    }
  })

  it('that was rotated signs in addition to the new one until the overlap ends', async () => {
    const endpoint = await addEndpoint(outside, account, { events: ['key.created'] })
    const rotate = `${base}/${endpoint.id}/rotate-secret`
    const { data } = (await call('POST', rotate)).body
    expect(Date.parse(data.previous_secret_until) - outside.clock.now()).toBeGreaterThan(0.99 * day)
    const message = async () => {
      await makeKey(outside.app, account.owner.jwt)
      await outside.pump()
      const [last] = receivedAt(endpoint.url).slice(-1)
      if (last === undefined) throw new Error('Nothing arrived.')
      return last
    }
    const both = await message()
    expect(both.headers['webhook-signature']?.split(' ').length).toBe(2)
    expect(verified(endpoint.secret, both)).toEqual(both.body)
    expect(verified(data.secret, both)).toEqual(both.body)
    outside.clock.skip(day)
    const after = await message()
    expect(() => verified(endpoint.secret, after)).toThrow('No matching signature')
    expect(verified(data.secret, after)).toEqual(after.body)
    expect((await call('GET', `${base}/${endpoint.id}`)).body.data.previous_secret_until).toBeNull()
    const leaked = await call('POST', rotate, { overlap_seconds: 0 })
    const alone = await message()
    expect(() => verified(data.secret, alone)).toThrow('No matching signature')
    expect(verified(leaked.body.data.secret, alone)).toEqual(alone.body)
    const tooLong = await call('POST', rotate, { overlap_seconds: 8 * 24 * 60 * 60 })
    expect([tooLong.status, tooLong.body.errors[0].path]).toEqual([400, 'overlap_seconds'])
  })

  it('signs exactly what is sent: HMAC-SHA256 over id, time and body, checked without the library', async () => {
    const endpoint = await addEndpoint(outside, account)
    await call('POST', `${base}/${endpoint.id}/test`)
    await outside.pump()
    const [message] = receivedAt(endpoint.url)
    if (message === undefined) throw new Error('Nothing arrived.')
    const { headers, text } = message
    const bytes = Uint8Array.fromBase64(endpoint.secret.slice('whsec_'.length))
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', bytes, hmac, false, ['sign'])
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`
    const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signed))
    expect(headers['webhook-signature']).toBe(`v1,${new Uint8Array(mac).toBase64()}`)
    const wrong = `whsec_${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`
    expect(() => verified(wrong, message)).toThrow('No matching signature')
    const forged = { ...message, text: text.replace('ping', 'pong') }
    expect(() => verified(endpoint.secret, forged)).toThrow('No matching signature')
    const replayed = { ...message, at: message.at + 6 * 60_000 }
    expect(() => verified(endpoint.secret, replayed)).toThrow('too old')
  })

  it('survives a rotation of AUTH_SECRETS, and reports when its key was removed too early', async () => {
    const endpoint = await addEndpoint(outside, account)
    const send = async (AUTH_SECRETS: string) => {
      await call('POST', `${base}/${endpoint.id}/test`)
      const messages = outside.queued.splice(0).map(({ body }) => ({ body, ack() {} }))
      const bindings = { ...outside.app.bindings, AUTH_SECRETS }
      await sendQueued(outside.app.isolate, bindings, messages as never)
      return (await call('GET', `${base}/${endpoint.id}/deliveries`)).body.data[0]
    }
    const newest = 'a-new-auth-secret-of-32-characters-or-more'
    expect(await send(`${newest},${env.AUTH_SECRETS}`)).toMatchObject({ status: 'delivered' })
    expect(await send(newest)).toMatchObject({
      status: 'failed',
      last_error: 'The signing secret cannot be read: rotate it',
    })
  })
})

describe('the log', () => {
  it('shows a test, which is attempted once and disables nothing', async () => {
    const { id, url } = await addEndpoint(outside, account, { events: ['key.leaked'] })
    outside.answers.set(url, () => new Response(null, { status: 500 }))
    const sent = await call('POST', `${base}/${id}/test`)
    expect([sent.status, sent.body.data.status, sent.body.data.type]).toEqual([
      202,
      'pending',
      'ping',
    ])
    await outside.pump()
    outside.clock.skip(day)
    await outside.drain()
    const read = await call('GET', `${base}/${id}/deliveries/${sent.body.data.id}`)
    expect(read.body.data).toMatchObject({ status: 'failed', attempts: 1, last_status: 500 })
    expect(read.body.data.payload).toEqual(receivedAt(url)[0]?.body)
    expect(read.body.data.payload.data).toEqual({
      account: { id: account.id, name: account.name },
      endpoint_id: id,
    })
    expect((await call('GET', `${base}/${id}`)).body.data.is_active).toBe(true)
  })

  it('resends a message with the same id, whatever its outcome', async () => {
    const { id, url } = await addEndpoint(outside, account, { events: ['key.created'] })
    outside.answers.set(url, () => new Response(null, { status: 500 }))
    await makeKey(outside.app, account.owner.jwt)
    await outside.pump()
    const [delivery] = (await call('GET', `${base}/${id}/deliveries?status=pending`)).body.data
    outside.answers.delete(url)
    const resend = `${base}/${id}/deliveries/${delivery.id}/resend`
    expect((await call('POST', resend)).status).toBe(202)
    await outside.pump()
    expect((await call('POST', resend)).status).toBe(202)
    await outside.pump()
    const ids = receivedAt(url).map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([delivery.event_id, delivery.event_id, delivery.event_id])
    const log = await call('GET', `${base}/${id}/deliveries?status=delivered`)
    expect(log.body.data).toMatchObject([{ attempts: 3, last_status: 200, last_error: null }])
  })

  it('is paged by keyset, and deleted after 30 days', async () => {
    const { id } = await addEndpoint(outside, account, { events: ['key.created'] })
    for (let n = 0; n < 3; n++) await makeKey(outside.app, account.owner.jwt)
    await outside.pump()
    const first = await call('GET', `${base}/${id}/deliveries?limit=2`)
    const next = `${base}/${id}/deliveries?limit=2&cursor=${first.body.next_cursor}`
    const second = await call('GET', next)
    const all = [...first.body.data, ...second.body.data].map((each: { id: string }) => each.id)
    expect([new Set(all).size, second.body.next_cursor]).toEqual([3, null])
    expect((await call('GET', `${base}/${id}/deliveries?status=lost`)).status).toBe(400)
    const tenMinutes = 600_000
    outside.clock.skip(30 * day + tenMinutes)
    outside.clock.skip(tenMinutes - (outside.clock.now() % tenMinutes))
    await outside.drain()
    expect((await call('GET', `${base}/${id}/deliveries`)).body.data).toEqual([])
  })

  it('is deleted with its endpoint', async () => {
    const { id } = await addEndpoint(outside, account)
    await call('POST', `${base}/${id}/test`)
    await call('DELETE', `${base}/${id}`)
    await outside.pump()
    const left = env.DB.prepare('SELECT count(*) AS n FROM webhook_delivery WHERE endpoint_id = ?')
    expect(await left.bind(id).first('n')).toBe(0)
  })
})

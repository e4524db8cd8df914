// GET /api/requests over everything before it: requests with keys, the message of the isolate, the consumer, the object.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import type { UsageMessage } from '../../src/usage/message.ts'
import { usageStores } from '../../src/worker/usage.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { createTestApp } from '../support/test-app.ts'
import { deliver, messageOf } from '../support/usage.ts'

type Entry = Record<string, unknown> & { key: { id: string }; code: string }

const sent: UsageMessage[] = []
const queue = { send: async (message: UsageMessage) => void sent.push(message) }

async function createLoggedApp() {
  const app = await createTestApp({ bindings: { USAGE: queue as unknown as Env['USAGE'] } })
  /** Delivers what was sent, as the queue does. */
  const settle = async () => {
    const { retried } = await deliver(sent.splice(0))
    expect(retried).toEqual({})
  }
  return { app, settle }
}

const { app, settle } = await createLoggedApp()
const acme = await openAccount()
const list = async (query = '', as = acme.owner.jwt): Promise<Entry[]> => {
  const answer = await app.request('GET', `/api/requests${query}`, { as })
  expect(answer.status).toBe(200)
  return answer.body.data
}

describe('GET /api/requests', () => {
  it('tells why a request was refused, and nothing that a log must not hold', async () => {
    const key = await makeKey(app, acme.owner.jwt, { scopes: ['contacts:read'], name: 'Reader' })
    const headers = { 'cf-connecting-ip': '203.0.113.7' }
    const send = (method: string, path: string) =>
      app.request(method, path, { key: key.key, headers })
    await send('GET', '/api/contacts/secret-contact?q=secret-query')
    await send('GET', '/api/messages/secret-message?q=secret-query')
    await send('GET', '/api/v1/me')
    const proxied = { 'x-original-method': 'QUIZ', 'x-original-uri': '/api/secret-path' }
    await app.request('GET', '/forward-auth/nginx/crm', { key: key.key, headers: proxied })
    await settle()
    const entries = (await list(`?key_id=${key.id}`)).reverse()
    const about = entries.map(({ code, method, route, needed_scope }) => [
      ...[code, method, route, needed_scope],
    ])
    expect(about).toEqual(
      expect.arrayContaining([
        ['valid', 'GET', '/api/contacts/{id}', null],
        ['insufficient_scope', 'GET', '/api/messages/{id}', 'messages:read'],
        ['valid', 'GET', '/api/v1/me', null],
        ['forbidden', null, null, null],
      ]),
    )
    expect(entries).toHaveLength(4)
    for (const entry of entries) {
      expect(entry).toMatchObject({
        key: { id: key.id, name: 'Reader', key_prefix: key.key_prefix },
        ms: expect.any(Number),
        time: expect.stringMatching(/^\d{4}-.*Z$/),
      })
    }
    const networks = entries.map(({ address }) => address)
    expect(networks.toSorted()).toEqual([...Array(3).fill('203.0.113.0/24'), null])
    const text = JSON.stringify([entries, sent])
    for (const secret of [key.key, 'secret', 'QUIZ', '203.0.113.7']) {
      expect(text).not.toContain(secret)
    }
  })

  it('holds what services verified under the account of the key, with what they told of the client', async () => {
    const globex = await openAccount('Globex')
    const service = await makeKey(app, acme.owner.jwt, { scopes: ['keys:verify'] })
    const own = await makeKey(app, acme.owner.jwt, { scopes: [] })
    const foreign = await makeKey(app, globex.owner.jwt)
    const verify = (token: string, more = {}) =>
      app.request('POST', '/api/v1/keys/verify', { key: service.key, body: { token, ...more } })
    await verify(own.key, { scopes: ['messages:send'], ip: '2001:db8:1:2::3' })
    await verify(foreign.key)
    await verify('whm_00000000000000000000000000000000')
    await settle()
    const [entry] = await list(`?key_id=${own.id}`)
    expect(entry).toMatchObject({
      ...{ code: 'insufficient_scope', needed_scope: 'messages:send' },
      ...{ method: null, route: null, country: null, address: '2001:db8:1::/48' },
    })
    const [caller] = await list(`?key_id=${service.id}`)
    expect(caller).toMatchObject({ code: 'valid', method: 'POST', route: '/api/v1/keys/verify' })
    // A token of another account looks unknown, so nothing of it is in any log.
    expect(await list('', globex.owner.jwt)).toEqual([])
  })

  it('logs the request that a proxy holds, by its own method and route', async () => {
    const key = await makeKey(app, acme.owner.jwt, { scopes: [] })
    const headers = { 'x-original-method': 'POST', 'x-original-uri': '/api/messages?secret=1' }
    await app.request('GET', '/forward-auth/nginx/crm', { key: key.key, headers })
    await settle()
    const [entry] = await list(`?key_id=${key.id}`)
    expect(entry).toMatchObject({
      method: 'POST',
      route: '/api/messages',
      needed_scope: 'messages:send',
    })
  })

  it('names a needed scope without its resource, which is a part of the path', async () => {
    const key = await makeKey(app, acme.owner.jwt, { scopes: ['contacts:read#1'] })
    await app.request('GET', '/api/contacts/private-42', { key: key.key })
    await settle()
    const [entry] = await list(`?key_id=${key.id}`)
    expect(entry).toMatchObject({ code: 'insufficient_scope', needed_scope: 'contacts:read' })
    expect(entry).toMatchObject({ route: '/api/contacts/{id}' })
    expect(JSON.stringify(entry)).not.toContain('private-42')
  })

  it('filters by code, and goes on by cursor', async () => {
    const { owner } = await openAccount('Paged')
    const key = await makeKey(app, owner.jwt, { scopes: [] })
    for (const path of ['/api/v1/me', '/api/contacts', '/api/v1/me', '/api/contacts']) {
      await app.request('GET', path, { key: key.key })
    }
    await settle()
    const refused = await list('?code=insufficient_scope', owner.jwt)
    expect(refused.map(({ code }) => code)).toEqual(['insufficient_scope', 'insufficient_scope'])
    const seen: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await app.request('GET', `/api/requests?limit=3${query}`, { as: owner.jwt })
      seen.push(...page.body.data.map(({ id }: { id: string }) => id))
      cursor = page.body.next_cursor
    }
    expect(new Set(seen).size).toBe(4)
    expect(seen).toEqual((await list('', owner.jwt)).map(({ id }) => id))
  })

  it.each([
    ['?cursor=nonsense', 'query.cursor'],
    ['?key_id=nonsense', 'query.key_id'],
    ['?follow=yes', 'query.follow'],
    ['?follow=true&cursor=1', 'query.cursor'],
    ['?path=x', 'query.path'],
  ])('refuses %s, naming the field', async (query, path) => {
    const { status, body } = await app.request('GET', `/api/requests${query}`, {
      as: acme.admin.jwt,
    })
    expect([status, body.code, body.errors?.[0]?.path]).toEqual([400, 'invalid_request', path])
  })

  it('is not for members, keys or other accounts', async () => {
    const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'] })
    const status = async (options: object) =>
      (await app.request('GET', '/api/requests', options)).status
    expect(await status({ as: acme.member.jwt })).toBe(403)
    expect(await status({ key: manager.key })).toBe(403)
    expect(await status({})).toBe(401)
    expect(await status({ as: acme.admin.jwt })).toBe(200)
  })
})

describe('the consumer', () => {
  const sample = { at: Date.now(), keyId: crypto.randomUUID(), code: 'x', tier: 'memory', ms: 1 }
  const unknown = { method: null, route: null, neededScope: null, address: null, country: null }
  const messageWith = (request: object): UsageMessage => ({
    ...messageOf({}),
    requests: { [crypto.randomUUID()]: [request as never] },
  })

  it('delivers a message again when a log does not acknowledge it', async () => {
    const logs = {
      add: async () => {
        throw new Error('It is down.')
      },
    }
    const stores = { ...usageStores(env), logs }
    const [good, bad] = [messageOf({}), messageWith({ ...sample, ...unknown })]
    expect(await deliver([good, bad], { stores })).toMatchObject({
      acknowledged: [0],
      retried: { 1: 60 },
    })
    expect((await deliver([bad])).acknowledged).toEqual([0])
  })

  it('drops a message with a request that it cannot read', async () => {
    const line = vi.spyOn(console, 'error').mockImplementation(() => {})
    const unreadable = [
      {},
      { ...sample, ...unknown, at: 'now' },
      { ...sample, ...unknown, route: 1 },
    ]
    const result = await deliver(unreadable.map(messageWith))
    expect(result.acknowledged).toEqual([0, 1, 2])
    expect(line).toHaveBeenCalledTimes(3)
    line.mockRestore()
  })
})

describe('?follow=true', () => {
  it('streams what arrives, and ends when the caller may no longer read it', async () => {
    const { owner, admin } = await openAccount('Followed')
    const key = await makeKey(app, owner.jwt, { scopes: [] })
    const response = await app.handler.fetch(
      new Request('http://localhost:8787/api/requests?follow=true&code=insufficient_scope', {
        headers: { authorization: `Bearer ${admin.jwt}` },
      }),
      app.bindings,
      { waitUntil() {}, passThroughOnException() {} } as unknown as ExecutionContext,
    )
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(response.headers.get('cache-control')).toContain('no-store')
    const reader = (response.body as ReadableStream)
      .pipeThrough(new TextDecoderStream())
      .getReader()
    let text = ''
    const until = async (wanted: string) => {
      while (!text.includes(wanted)) {
        const { value, done } = await reader.read()
        if (done) break
        text += value
      }
      return text
    }
    await until('event: open')
    await app.request('GET', '/api/contacts', { key: key.key })
    await app.request('GET', '/api/v1/me', { key: key.key })
    await settle()
    await until('event: request')
    expect(text).toContain('"needed_scope":"contacts:read"')
    expect(text).not.toContain('"code":"valid"')
    await env.DB.prepare("UPDATE member SET role = 'member' WHERE id = ?")
      .bind(admin.memberId)
      .run()
    expect(await until('event: end')).toContain('event: end')
    expect((await reader.read()).done).toBe(true)
  })
})

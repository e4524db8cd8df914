import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import app from '../src/app.ts'
import { clientOf, expectProblem, read } from './client.ts'

const id = '5eed000c-0000-4000-8000-00000000ffff'
const json = { 'content-type': 'application/json' }

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a request that did not come through the gateway', () => {
  it.each([undefined, ''])('is a 403 when X-Latchkey-Account is %j', async (account) => {
    const headers = new Headers({ 'x-latchkey-request-id': 'req-1' })
    if (account !== undefined) headers.set('x-latchkey-account', account)
    for (const path of ['/api/contacts', '/api/v1/contacts', `/api/webhooks/${id}`, '/nowhere']) {
      expectProblem(await read(await app.request(path, { headers }, env)), 403, 'forbidden')
    }
  })

  it('gets a new request id', async () => {
    const answer = await read(await app.request('/api/contacts', {}, env))
    expect(answer.body.request_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id)
  })
})

describe('a path', () => {
  it.each([
    '/',
    '/api',
    '/api/',
    '/api/v2/contacts',
    '/contacts',
    '/api/contacts/',
    '/api/nothing',
  ])('%s is a 404', async (path) => expectProblem(await clientOf().get(path), 404, 'not_found'))

  it.each(['contacts', 'messages', 'conversations'])(
    'of %s with an unknown id, or one that is not a UUID, is a 404',
    async (list) => {
      for (const unknown of [id, '1', 'null', "'%20or%201=1", '%00', '%ff']) {
        expectProblem(await clientOf().get(`/api/${list}/${unknown}`), 404, 'not_found')
      }
    },
  )

  it('to change or delete what does not exist is a 404', async () => {
    const client = clientOf()
    for (const unknown of [id, 'nonsense']) {
      const change = await client.patch(`/api/contacts/${unknown}`, { name: 'New' })
      expectProblem(change, 404, 'not_found')
      expectProblem(await client.delete(`/api/webhooks/${unknown}`), 404, 'not_found')
    }
  })

  it.each([
    ['DELETE', '/api/contacts', 'GET, POST'],
    ['DELETE', `/api/contacts/${id}`, 'GET, PATCH'],
    ['PUT', '/api/messages', 'GET, POST'],
    ['DELETE', `/api/messages/${id}`, 'GET'],
    ['POST', '/api/conversations', 'GET'],
    ['DELETE', `/api/conversations/${id}`, 'GET'],
    ['GET', '/api/broadcasts', 'POST'],
    ['PATCH', '/api/webhooks', 'GET, POST'],
    ['GET', `/api/v1/webhooks/${id}`, 'DELETE'],
  ])('without the method %s %s is a 405 that allows %s', async (method, path, allow) => {
    const answer = await clientOf().send(path, { method })
    expectProblem(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('allow')).toBe(allow)
  })
})

describe('a body', () => {
  const send = (body: BodyInit, headers: Record<string, string> = json) =>
    clientOf().send('/api/contacts', { method: 'POST', body, headers })

  it.each(['', '{', 'null garbage', '{"name":"a",}'])('of %j is a 400', async (body) => {
    const answer = await send(body)
    expectProblem(answer, 400, 'invalid_request')
    expect(answer.body.errors).toEqual([{ path: '', message: 'The body is not valid JSON' }])
  })

  it('that is not UTF-8 is a 400', async () => {
    expectProblem(await send(new Uint8Array([0x22, 0xff, 0x22])), 400, 'invalid_request')
  })

  it.each(['null', '[]', '"text"', '1'])(
    'of JSON that is not an object, %s, is a 400',
    async (body) => {
      expectProblem(await send(body), 400, 'invalid_request')
    },
  )

  it('that is missing is a 400', async () => {
    const answer = await clientOf().send('/api/contacts', { method: 'POST', headers: json })
    expectProblem(answer, 400, 'invalid_request')
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'of content type %j is a 415',
    async (type) => {
      const answer = await send('{"name":"Ada","phone":"+12025550100"}', { 'content-type': type })
      expectProblem(answer, 415, 'unsupported_media_type')
    },
  )

  const contact = (bytes: number) => {
    const fields = '{"name":"Ada","phone":"+12025550100"}'
    return fields + ' '.repeat(bytes - fields.length)
  }

  it('of 65,536 bytes is read and of one byte more is a 413', async () => {
    expect((await send(contact(65_536))).status).toBe(201)
    expectProblem(await send(contact(65_537)), 413, 'payload_too_large')
  })

  it('too large is a 413 when it is a stream without a length', async () => {
    const chunk = new TextEncoder().encode(contact(40_000))
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(chunk)
        controller.enqueue(chunk)
        controller.close()
      },
    })
    expectProblem(await send(stream), 413, 'payload_too_large')
  })
})

it('answers a thrown error with a 500 that does not disclose the cause, and logs it', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const broken = new Proxy(env.CRM_DB, {
    get() {
      throw new Error('disk on fire')
    },
  })
  const answer = await clientOf('acme', broken).get('/api/contacts')
  expectProblem(answer, 500, 'internal_error')
  expect(JSON.stringify(answer.body)).not.toContain('fire')
  expect(log).toHaveBeenCalledOnce()
})

// Checks before every route, on every router: one interpretation of the path, 405 for other methods, and strict
// queries and bodies.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { readPath } from '../../src/core/path.ts'
import { createPolicy } from '../../src/core/policy.ts'
import { makeKey, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let owner: { jwt: string }

beforeAll(async () => {
  app = await createTestApp()
  owner = (await openAccount()).owner
})

/** A request whose URL is not normalized, as a Worker without that zone setting receives it. */
async function askRaw(method: string, path: string) {
  const headers = { authorization: `Bearer ${owner.jwt}` }
  const request = new Request('https://latchkey.test/', { method, headers })
  Object.defineProperty(request, 'url', { value: `https://latchkey.test${path}` })
  const context = createExecutionContext()
  const response = await app.handler.fetch(request, app.bindings, context)
  await waitOnExecutionContext(context)
  return { status: response.status, body: (await response.json()) as { code: string } }
}

describe('an ambiguous path', () => {
  it.each([
    '/api/auth/organization/./update-member-role',
    '/api/auth/sign-in/./email',
    '/api/auth/sign-in/%2e/email',
    '/api/auth//sign-in/email',
    '/api/auth\\sign-in/email',
    '/api/auth/sign-in%2femail',
    '/api/api-keys/%00',
    '//api/api-keys',
    '/docs/../api/api-keys',
  ])('%s is not found, whatever stands behind it', async (path) => {
    const answer = await askRaw('POST', path)
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
  })

  it('is forbidden to a proxy', async () => {
    const answer = await askRaw('GET', '/forward-auth/envoy/crm/../x')
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden'])
  })
})

describe('gate and policy', () => {
  it('agree on which paths are ambiguous', () => {
    const policy = createPolicy(
      { routes: [{ method: 'GET', path: '/a/{id}', scope: 's:r' }] },
      { 's:r': 'Read' },
    )
    const part = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '%5c',
      '\\',
      'a',
      '%61',
      ';',
      '%25',
      '%00',
      'ü',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = `/${parts.join('')}`
        const segments = readPath(path)
        const match = policy('GET', path)
        if (segments === null) expect(match.kind).toBe('unsafe')
        if (match.kind === 'scope') expect(segments?.[0]).toBe('a')
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('a method that a path does not have', () => {
  it.each([
    ['PUT', '/api/api-keys', 'GET, HEAD, POST'],
    ['POST', '/api/v1/me', 'DELETE, GET, HEAD'],
    ['GET', '/api/v1/keys/verify', 'POST'],
    ['GET', '/api/api-keys/import', 'POST'],
    ['PUT', `/api/api-keys/${crypto.randomUUID()}`, 'DELETE, GET, HEAD, PATCH'],
    ['GET', '/api/auth/sign-in/email', 'POST'],
    ['DELETE', '/api/setup', 'GET, HEAD, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/docs', 'GET, HEAD'],
    ['OPTIONS', '/.well-known/oauth-protected-resource', 'GET, HEAD'],
    ['GET', '/api/leaks/github', 'POST'],
    ['OPTIONS', '/api/v1/introspect', 'POST'],
  ])('%s %s is 405 without a credential, with Allow', async (method, path, allow) => {
    const answer = await app.request(method, path)
    expect([answer.status, answer.body.code]).toEqual([405, 'method_not_allowed'])
    expect(answer.headers.get('allow')).toBe(allow)
  })

  it('is decided by the gateway policy on other paths', async () => {
    const { key } = await makeKey(app, owner.jwt)
    expect((await app.request('PURGE', '/api/contacts', { key })).status).not.toBe(405)
  })
})

describe('a query parameter that an operation does not define', () => {
  it.each([
    ['GET', '/api/api-keys?external_idd=x', 'query.external_idd'],
    ['GET', `/api/api-keys/${crypto.randomUUID()}?x=1`, 'query.x'],
    ['GET', '/api/scopes?page=2', 'query.page'],
    ['GET', '/api/audit-events?limit=1&nope=', 'query.nope'],
  ])('%s %s is a 400 that names it', async (method, path, name) => {
    const answer = await app.request(method, path, { as: owner.jwt })
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    expect(answer.body.errors).toMatchObject([{ path: name }])
  })

  it('is checked after the credential', async () => {
    expect((await app.request('GET', '/api/api-keys?x=1')).status).toBe(401)
  })

  it('is refused by name on operations without a router too', async () => {
    const { key } = await makeKey(app, owner.jwt)
    const answer = await app.request('GET', '/api/v1/me?fields=all', { key })
    expect(answer.body.errors).toMatchObject([{ path: 'query.fields' }])
  })
})

describe('a body', () => {
  const post = (body: BodyInit | null, headers: Record<string, string>) =>
    app.send('/api/api-keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.jwt}`, ...headers },
      body,
    })
  const json = { 'content-type': 'application/json' }

  it('with a content encoding is 415 with the accepted encodings', async () => {
    const answer = await post('{}', { ...json, 'content-encoding': 'gzip' })
    expect(answer.status).toBe(415)
    expect(answer.headers.get('accept-encoding')).toBe('identity')
  })

  it.each([
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), json],
    ['another charset', '{"name":"x"}', { 'content-type': 'application/json; charset=utf-16' }],
    ['a lone surrogate', '{"name":"\\ud800"}', json],
    ['too deep a nesting', `{"metadata":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, json],
    [
      'a number that a double cannot represent',
      '{"name":"x","metadata":{"n":12345678901234567890}}',
      json,
    ],
  ])('with %s is a 400', async (_, body, headers) => {
    const answer = await post(body, headers)
    expect(answer.status).toBe(400)
  })

  it('may be absent where it is optional, whatever its content type', async () => {
    const { id } = await makeKey(app, owner.jwt)
    const answer = await app.send(`/api/api-keys/${id}/rotate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.jwt}`, ...json },
    })
    expect(answer.status).toBe(201)
  })

  it('with thousands of unknown fields is answered with a few of them', async () => {
    const fields = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`f${at}`, 1]))
    const answer = await post(JSON.stringify(fields), json)
    expect(answer.status).toBe(400)
    expect((await answer.text()).length).toBeLessThan(5_000)
  })
})

describe('an id in upper case', () => {
  it('is the same id', async () => {
    const { id } = await makeKey(app, owner.jwt)
    const answer = await app.request('GET', `/api/api-keys/${id.toUpperCase()}`, { as: owner.jwt })
    expect([answer.status, answer.body.data?.id]).toEqual([200, id])
    const body = { ids: [id.toUpperCase()] }
    const revoked = await app.request('POST', '/api/api-keys/revoke', { as: owner.jwt, body })
    expect(revoked.body.data.revoked).toBe(1)
  })
})

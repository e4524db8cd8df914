// RFC 9728: a client that knows only the address learns how to authenticate, and each 401 says where.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { bearerOf, metadataPath } from '../support/challenge.ts'
import { expectHardened } from '../support/hardened.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const elsewhere = 'https://keys.acme.test'

let app: TestApp
let account: Account

beforeAll(async () => {
  app = await createTestApp({ bindings: { BASE_URL: elsewhere as never } })
  account = await openAccount()
})

describe('the metadata', () => {
  it('names the origin as the resource, headers as the way, and no authorization server', async () => {
    const answer = await app.request('GET', metadataPath)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      resource: elsewhere,
      resource_name: 'Latchkey',
      bearer_methods_supported: ['header'],
      resource_documentation: `${elsewhere}/docs`,
    })
  })

  it('is public, cacheable and readable by pages of any origin, and is read without a store', async () => {
    const watch = watchBindings()
    const bindings = { ...watch.bindings, BASE_URL: elsewhere as never }
    const watched = await createTestApp({ bindings })
    watch.clear()
    const answer = await watched.request('GET', metadataPath)
    expect(watch.calls).toEqual([])
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expectHardened(answer)
  })

  it('answers HEAD, and ignores parameters, as its protocol is not ours', async () => {
    const head = await app.request('HEAD', metadataPath)
    expect([head.status, head.text]).toEqual([200, ''])
    expect((await app.request('GET', `${metadataPath}?x=1`)).status).toBe(200)
  })

  it.each([`${metadataPath}/api`, `${metadataPath}/`, '/.well-known/oauth-authorization-server'])(
    'is not at %s: the origin is the one resource',
    async (path) => {
      expect((await app.request('GET', path)).status).toBe(404)
    },
  )
})

describe('resource_metadata', () => {
  const challengeAt = async (method: string, path: string, options: object = {}) => {
    const answer = await app.request(method, path, options)
    return `${answer.status} ${answer.headers.get('www-authenticate')}`
  }
  const none = `401 ${bearerOf(elsewhere)}`
  const invalid = `${none}, error="invalid_token"`

  it.each([
    ['GET', '/api/api-keys'],
    ['GET', '/api/v1/me'],
    ['DELETE', '/api/v1/me'],
    ['POST', '/api/v1/keys/verify'],
    ['POST', '/api/v1/keys/verify-batch'],
    ['GET', '/api/contacts'],
    ['GET', '/api/fences'],
  ])('is in the 401 of %s %s, with and without a credential', async (method, path) => {
    expect(await challengeAt(method, path)).toBe(none)
    expect(await challengeAt(method, path, { key: 'whm_wrong' })).toBe(invalid)
  })

  it('is of the Bearer challenge where Basic is offered too', async () => {
    const expected = `${none}, Basic realm="latchkey", charset="UTF-8"`
    expect(await challengeAt('POST', '/api/v1/introspect')).toBe(expected)
  })

  it('leads to the metadata', async () => {
    const answer = await app.request('GET', '/api/v1/me')
    const url = /resource_metadata="([^"]+)"/.exec(
      answer.headers.get('www-authenticate') ?? '',
    )?.[1]
    expect(url).toBe(elsewhere + metadataPath)
  })

  it('is not in a 403: the client did authenticate', async () => {
    const { key } = await makeKey(await createTestApp(), account.owner.jwt, { scopes: [] })
    const answer = await challengeAt('GET', '/api/contacts', { key })
    expect(answer).toMatch(/^403 Bearer realm="latchkey", error="insufficient_scope"/)
    expect(answer).not.toContain('resource_metadata')
  })

  it('is not in what a proxy passes on: its client asked another server', async () => {
    const headers = { 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' }
    const answer = await challengeAt('GET', '/forward-auth/nginx/crm', { headers })
    expect(answer).toBe('401 Bearer realm="latchkey"')
  })

  it('is of this deployment where another isolate has another address', async () => {
    const other = await createTestApp()
    const answer = await other.request('GET', '/api/v1/me')
    expect(answer.headers.get('www-authenticate')).toBe(bearerOf(env.BASE_URL))
  })
})

// A path that passes the gate has one interpretation: Hono's router, the policies, Better Auth's endpoints and the
// URL parser of an upstream all see the same segments. A path that the gate refuses is refused on every endpoint.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { Hono } from 'hono'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { isAmbiguousUpstream, readPath } from '../../src/core/path.ts'
import { createPolicy } from '../../src/core/policy.ts'
import { targetOf } from '../../src/core/target.ts'
import { authEndpointPath } from '../../src/http/management/people/auth-endpoints.ts'
import { allowMethods } from '../../src/http/routing/methods.ts'
import { makeKey, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const origin = 'https://latchkey.test'

/** A request whose URL is not normalized, as a Worker without that zone setting receives it. */
function rawRequest(path: string, init: RequestInit = {}): Request {
  const request = new Request(`${origin}/`, init)
  Object.defineProperty(request, 'url', { value: origin + path })
  return request
}

const odd = fc.constantFrom(
  ...['', '.', '..', '...', '%2e', '%2E%2e', '.%2e', '%252e', '%2F', '%2f', '%252F', '\\', '%5c'],
  ...['%00', '%0a', '%7f', '%c2%85', '\u0000', '\t', '\n', '\r', '\u007f', '\u0085', ' ', '%20'],
  ...[';', ';a=b', '%3b', '%25', '%', '%zz', '%ff', '%c3', '%61', '%41', 'ü', '%C3%BC', 'u\u0308'],
  ...['#', '#a', '%23', '?', '?a', '%3f', '&', '=', '+', '@', ':', ',', '$', '*', '~', '!', "'"],
  ...['{id}', '|', '^', '`', '"', '<', '>', '[', ']', '\ud800', '👍', '__proto__', 'constructor'],
)
const usual = fc.constantFrom(
  ...['api', 'auth', 'sign-in', 'email', 'sign%2Din', 'organization', 'update-member-role', 'v1'],
  ...['me', 'keys', 'verify', 'api-keys', 'contacts', 'c%6fntacts', 'forward-auth', 'envoy', 'crm'],
)
const segment = fc.oneof(
  usual,
  odd,
  fc.tuple(usual, odd).map(([left, right]) => left + right),
  fc.tuple(odd, usual).map(([left, right]) => left + right),
)
const paths = fc
  .array(segment, { minLength: 1, maxLength: 7 })
  .map((segments) => `/${segments.join('/')}`)

/** The part of a target before its query, which is what the gate reads. */
const pathOf = (target: string) => targetOf(origin + target).path

const isOpen = (target: string) => readPath(pathOf(target)) !== null

describe('a path that passes the gate', () => {
  const routes = ['/api/contacts', '/api/contacts/{id}', '/api/v1/{id}', '/api/{a}/{b}/{c}']
  const policy = createPolicy(
    { routes: routes.map((path) => ({ method: 'GET', path, scope: `of:${path}` })) },
    {},
  )

  /** The segments that Hono routes by, and the first of the routes that it finds. */
  async function routedByHono(target: string) {
    const app = new Hono()
    let segments: string[] = []
    app.use(async (c, next) => {
      segments = c.req.path.slice(1).split('/').map(decodeURIComponent)
      await next()
    })
    for (const path of routes)
      app.get(path.replace(/\{(\w+)\}/g, ':$1'), (c) => c.text(`of:${path}`))
    const response = await app.fetch(rawRequest(target))
    return { segments, scope: response.ok ? await response.text() : null }
  }

  it('has the segments by which Hono routes it', async () => {
    await fc.assert(
      fc.asyncProperty(paths.filter(isOpen), async (target) => {
        const { segments } = await routedByHono(target)
        expect(segments).toEqual(readPath(pathOf(target)))
      }),
      { numRuns: 1_500 },
    )
  })

  it('has the segments that the URL parser of an upstream sees', () => {
    fc.assert(
      fc.property(paths.filter(isOpen), (target) => {
        const segments = readPath(pathOf(target)) ?? []
        const { pathname } = new URL(origin + target)
        const parsed = pathname.slice(1).split('/').map(decodeURIComponent)
        expect(parsed).toEqual(segments.map((each) => each.toWellFormed()))
      }),
      { numRuns: 1_500 },
    )
  })

  it('matches the policy route that Hono finds for it', async () => {
    await fc.assert(
      fc.asyncProperty(paths.filter(isOpen), async (target) => {
        const match = policy('GET', pathOf(target))
        if (match.kind === 'unsafe') {
          expect(isAmbiguousUpstream(readPath(pathOf(target)) ?? [])).toBe(true)
          return
        }
        const { scope } = await routedByHono(target)
        expect(match.kind === 'scope' ? match.anyOf[0] : null).toBe(scope)
      }),
      { numRuns: 1_500 },
    )
  })

  it('has the methods of the endpoint that Hono finds for it', async () => {
    const operation = { method: 'GET', path: '/api/auth/sign-in/email' }
    const app = new Hono()
    app.onError((_, c) => c.text('not allowed', 405))
    app.use(allowMethods(() => [operation]) as never)
    app.post('/*', (c) => c.text('passed'))
    await fc.assert(
      fc.asyncProperty(paths.filter(isOpen), async (target) => {
        const { status } = await app.fetch(rawRequest(target, { method: 'POST' }))
        const isEndpoint = authEndpointPath('POST', origin + target) === '/sign-in/email'
        expect(status).toBe(isEndpoint ? 405 : 200)
      }),
      { numRuns: 1_500 },
    )
  })
})

describe('a path that the gate refuses', () => {
  const watch = watchBindings()
  let app: TestApp
  let credentials: Record<string, string>[]
  beforeAll(async () => {
    app = await createTestApp({ bindings: watch.bindings })
    const { owner } = await openAccount()
    const { key } = await makeKey(app, owner.jwt, { scopes: ['contacts:read'] })
    credentials = [{}, { authorization: `Bearer ${owner.jwt}` }, { 'x-api-key': key }]
  })

  const refused = paths.filter((target) => !isOpen(target))
  const methods = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']

  it('is 404, or 403 to a proxy, with every method and credential, and reaches no store', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/api', '/api/auth', '/api/api-keys', '/api/v1', '/forward-auth/envoy', ''),
        refused,
        fc.constantFrom(...methods),
        fc.nat(2),
        async (prefix, rest, method, at) => {
          watch.clear()
          const target = prefix + rest
          const context = createExecutionContext()
          const request = rawRequest(target, { method, headers: credentials[at] ?? {} })
          const response = await app.handler.fetch(request, app.bindings, context)
          await waitOnExecutionContext(context)
          const expected = pathOf(target).startsWith('/forward-auth/') ? 403 : 404
          expect(response.status, JSON.stringify(target)).toBe(expected)
          const text = await response.text()
          const code = method === 'HEAD' ? null : JSON.parse(text).code
          if (code !== null) expect(code).toBe(expected === 403 ? 'forbidden' : 'not_found')
          expect(watch.counts()).toEqual({})
        },
      ),
      { numRuns: 600 },
    )
  })
})

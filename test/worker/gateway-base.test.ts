// gateway.base: which paths the gateway takes, and what a deployer's routes may not cover.
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type ConfigInput, defineConfig } from '../../src/core/config.ts'
import type { Route } from '../../src/core/policy.ts'
import { createApp } from '../../src/http/app.ts'
import { ownPaths } from '../../src/http/paths.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

let received: string[] = []

function input(base: string | undefined, paths: string[]): ConfigInput<Env> {
  const routes = paths.map((path): Route => ({ method: 'GET', path, scope: 'orders:read' }))
  return {
    formats: { whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 } },
    scopes: { 'orders:read': 'List and read orders' },
    roles: { owner: { scopes: 'all' }, admin: { scopes: 'all' }, member: { scopes: [] } },
    policies: {
      api: routes,
      proxy: [{ method: 'GET', path: '/docs/{page}', scope: 'orders:read' }],
    },
    gateway: {
      policy: 'api',
      ...(base !== undefined && { base }),
      upstream: {
        fetch(request) {
          received.push(new URL(request.url).pathname)
          return new Response('of the API')
        },
      },
    },
  }
}

function open(base: string, paths: string[], bindings: Partial<Env> = {}): Promise<TestApp> {
  const clock = createSkippingClock()
  const isolate = createIsolate(defineConfig<Env>(input(base, paths)), clock)
  return createTestApp({ clock, isolate, bindings })
}

const start = (base: string | undefined, paths: string[]) => () =>
  createApp({ config: defineConfig<never>(input(base, paths)), clock: createSkippingClock() })

let account: Account
let full: string
let reader: string
let none: string
beforeAll(async () => {
  const app = await open('/v2', [])
  account = await openAccount()
  full = (await makeKey(app, account.owner.jwt)).key
  reader = (await makeKey(app, account.owner.jwt, { scopes: ['orders:read'] })).key
  none = (await makeKey(app, account.owner.jwt, { scopes: [] })).key
})

describe.each(['/v2', '/shop/v2.1', '/api/v1', '/api'])('the base %s', (base) => {
  const id = crypto.randomUUID()
  let app: TestApp
  beforeAll(async () => {
    app = await open(base, [`${base}/orders`, `${base}/orders/{id}`])
  })

  it('takes its routes by their scopes, and passes their paths as they are', async () => {
    received = []
    for (const path of [`${base}/orders`, `${base}/orders/${id}`]) {
      expect(await outcome(app.request('GET', path, { key: reader }))).toBe('200')
      expect(await outcome(app.request('GET', path, { key: none }))).toBe('403 insufficient_scope')
      expect(await outcome(app.request('GET', path))).toBe('401 missing_credential')
    }
    expect(received).toEqual([`${base}/orders`, `${base}/orders/${id}`])
  })

  it('takes every other path below it, for full access', async () => {
    received = []
    for (const path of [base, `${base}/other`]) {
      expect(await outcome(app.request('PUT', path, { key: full }))).toBe('200')
      expect(await outcome(app.request('PUT', path, { key: reader }))).toBe('403 forbidden')
    }
    expect(received).toEqual([base, `${base}/other`])
  })

  it('leaves the paths of Latchkey alone', async () => {
    received = []
    expect(await outcome(app.request('GET', '/api/v1/me', { key: none }))).toBe('200')
    expect(await outcome(app.request('PUT', '/api/v1/me', { key: full }))).toBe(
      '405 method_not_allowed',
    )
    expect(await outcome(app.request('PUT', '/api/api-keys', { key: full }))).toBe(
      '405 method_not_allowed',
    )
    const list = app.request('GET', '/api/api-keys', { as: account.owner.jwt })
    expect(await outcome(list)).toBe('200')
    expect(await outcome(app.request('GET', '/docs/errors'))).toBe('200')
    expect(await outcome(app.request('GET', '/healthz'))).toBe('200')
    expect(received).toEqual([])
  })
})

describe('outside the base', () => {
  it.each(['/api/orders', '/api', '/v22/orders', '/v', '/orders', '/V2/orders', '/v2%2forders'])(
    '%s does not reach the API',
    async (path) => {
      received = []
      const app = await open('/v2', ['/v2/orders'])
      expect(await outcome(app.request('GET', path, { key: full }))).toBe('404 not_found')
      expect(received).toEqual([])
    },
  )

  it('pages of the dashboard open', async () => {
    const fetch = async () => new Response('<title>Latchkey</title>')
    const app = await open('/v2', ['/v2/orders'], { ASSETS: { fetch } as unknown as Fetcher })
    for (const path of ['/keys', `/keys/${crypto.randomUUID()}`, '/sign-in']) {
      const headers = { accept: 'text/html' }
      const page = await app.request('GET', path, { headers })
      expect([page.status, page.text], path).toEqual([200, '<title>Latchkey</title>'])
    }
  })

  it('the log names the endpoint by the base', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'info').mockImplementation((line: string) => void lines.push(line))
    const app = await open('/v2', ['/v2/orders'], { LOG_SAMPLE: '1' as Env['LOG_SAMPLE'] })
    await app.request('GET', '/v2/orders', { key: reader })
    await app.request('GET', '/api/orders', { key: reader })
    vi.restoreAllMocks()
    const endpoints = lines
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'request')
    expect(endpoints.map(({ endpoint }) => endpoint)).toEqual(['gateway', 'page'])
  })
})

describe('the Worker does not start', () => {
  it.each<[string | undefined, string, RegExp]>([
    [undefined, '/api/usage', /policies\.api: "GET \/api\/usage" overlaps \/api\/usage\/\*/],
    [
      undefined,
      '/api/api-keys/{id}/orders',
      /\/api\/api-keys\/\{id\}\/orders" overlaps \/api\/api-keys\/\*/,
    ],
    [undefined, '/api/v1/me', /"GET \/api\/v1\/me" overlaps \/api\/v1\/me,/],
    [undefined, '/api/v1/{id}', /"GET \/api\/v1\/\{id\}" overlaps \/api\/v1\/me,/],
    [undefined, '/api/{tenant}/orders', /"GET \/api\/\{tenant\}\/orders" overlaps /],
    [undefined, '/api/v1/keys/verify', /overlaps \/api\/v1\/keys\/verify,/],
    [undefined, '/api/leaks/github', /overlaps \/api\/leaks\/\*/],
    ['/v2', '/docs/orders', /"GET \/docs\/orders" overlaps \/docs\/\*/],
    ['/v2', '/{page}', /"GET \/\{page\}" overlaps \/healthz/],
    ['/v2', '/forward-auth/nginx/api', /overlaps \/forward-auth\/\*/],
    ['/v2', '/keys/{id}', /overlaps \/keys\/\*/],
    ['/.well-known', '/.well-known/{name}', /overlaps \/\.well-known\/oauth-protected-resource/],
  ])('with base %s and a route %s, and names both paths', (base, path, sentence) => {
    expect(start(base, [path])).toThrow(sentence)
    expect(start(base, [path])).toThrow(/^latchkey\.config\.ts: .*Latchkey's own\.$/)
  })

  it.each([
    '/docs',
    '/docs/v1',
    '/forward-auth',
    '/healthz',
    '/api/api-keys',
    '/api/usage/v1',
    '/keys',
  ])('with the base %s, where a path of ours is', (base) =>
    expect(start(base, [])).toThrow(`gateway.base is "${base}", which is Latchkey's own`),
  )

  it.each([
    ['/v2', '/api/orders'],
    ['/v2', '/orders'],
    ['/v2/shop', '/v2/orders'],
    [undefined, '/v1/orders'],
  ])('with base %s and a route %s, which no request would reach', (base, path) => {
    expect(start(base, [path])).toThrow(
      new RegExp(`policies\\.api: "GET ${path}" is not under gateway\\.base "${base ?? '/api'}"`),
    )
  })
})

describe('the Worker starts', () => {
  it.each([
    [undefined, '/api/contacts'],
    [undefined, '/api/webhooks/{id}'],
    [undefined, '/api/v1/keys/{id}/orders'],
    [undefined, '/api/v1/me/orders'],
    [undefined, '/api/usages'],
    ['/v2', '/v2/{tenant}/usage'],
    ['/api/v1', '/api/v1/orders/{id}'],
  ])('with base %s and a route %s', (base, path) => {
    expect(start(base, [path])).not.toThrow()
  })

  it('with any path in a policy that is for forward auth alone', async () => {
    const app = await open('/v2', [])
    const asked = (uri: string) =>
      app.request('GET', '/forward-auth/nginx/proxy', {
        key: reader,
        headers: { 'x-original-method': 'GET', 'x-original-uri': uri },
      })
    expect(await outcome(asked('/docs/page'))).toBe('200')
    expect(await outcome(asked('/docs'))).toBe('403 forbidden')
  })
})

const [routesOfDashboard = ''] = Object.values(
  import.meta.glob('../../src/dashboard/app.tsx', {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)

/** Younger than `/a/ID/`: a path of that name directly under `/` is left to the API behind the gateway. */
const onlyInAccounts = ['/overview', '/requests', '/playground']

it('the pages of the dashboard are among the paths of Latchkey', () => {
  const pages = [...routesOfDashboard.matchAll(/<Route path="(\/[^"/]+)/g)]
    .map(([, page]) => `${page}`)
    .filter((page) => !onlyInAccounts.includes(page))
  expect(pages.length).toBeGreaterThan(8)
  expect(ownPaths).toEqual(expect.arrayContaining(pages.map((page) => `${page}/*`)))
  expect(ownPaths).toContain('/portal/*')
})

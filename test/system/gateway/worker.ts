// Latchkey in front of an API that is another Worker, with the settings of docs/integrate/gateway.md, one a port: closed and open
// to the pages of an origin, and with a prefix that the API does not know.
import { type ConfigInput, defineConfig } from '../../../src/core/config.ts'
import { createIsolate, systemClock } from '../../../src/worker/context.ts'
import { createFetchHandler } from '../../../src/worker/fetch.ts'

export * from '../../../src/index.ts'

declare const PORTS: { open: string; prefixed: string }
declare const PAGE: string

type Bound = Env & { API: Fetcher }

const settings: ConfigInput<Bound> = {
  formats: { shop_live: { prefix: 'shop_live_', alphabet: 'base62', length: 39, tagLength: 6 } },
  scopes: { 'orders:read': 'List and read orders', 'orders:write': 'Create orders' },
  roles: { owner: { scopes: 'all' }, admin: { scopes: 'all' }, member: { scopes: [] } },
  policies: {
    shop: [
      { method: 'GET', path: '/shop/v2/orders', scope: 'orders:read' },
      { method: 'POST', path: '/shop/v2/orders', scope: 'orders:write' },
    ],
  },
  gateway: {
    base: '/shop/v2',
    policy: 'shop',
    upstream: { fetch: (request, env) => env.API.fetch(request) },
  },
}

const ofPrefix: ConfigInput<Bound> = {
  ...settings,
  policies: { shop: [{ method: 'GET', path: '/api/orders', scope: 'orders:read' }] },
  gateway: {
    policy: 'shop',
    upstream: {
      fetch(request) {
        const { pathname, search } = new URL(request.url)
        return fetch(`https://api.example.com${pathname.slice('/api'.length)}${search}`, request)
      },
    },
  },
}

const handlerOf = (input: ConfigInput<Bound>) =>
  createFetchHandler(createIsolate(defineConfig<Bound>(input), systemClock))
const closed = handlerOf(settings)
const others = new Map([
  [PORTS.open, handlerOf({ ...settings, cors: { origins: [PAGE] } })],
  [PORTS.prefixed, handlerOf(ofPrefix)],
])

export default {
  fetch(request, env, context) {
    const handle = others.get(new URL(request.url).port) ?? closed
    return handle(request, env, context)
  },
} satisfies ExportedHandler<Env>

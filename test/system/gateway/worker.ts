// Latchkey in front of an API that is another Worker, by a service binding as docs/integrations.md has it; once as it is
// and, on another port, open to the pages of one origin.
import { type ConfigInput, defineConfig } from '../../../src/core/config.ts'
import { createIsolate, systemClock } from '../../../src/worker/context.ts'
import { createFetchHandler } from '../../../src/worker/fetch.ts'

export * from '../../../src/index.ts'

declare const OPEN_PORT: string
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

const handlerOf = (input: ConfigInput<Bound>) =>
  createFetchHandler(createIsolate(defineConfig<Bound>(input), systemClock))
const closed = handlerOf(settings)
const open = handlerOf({ ...settings, cors: { origins: [PAGE] } })

export default {
  fetch(request, env, context) {
    const handle = new URL(request.url).port === OPEN_PORT ? open : closed
    return handle(request, env, context)
  },
} satisfies ExportedHandler<Env>

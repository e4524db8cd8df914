// The code of docs/customers.md and docs/concepts.md: test/worker/customers.test.ts checks that it is the same, and runs it.
import { Hono } from 'hono'
import {
  type ApiKeyVariables,
  apiKey,
  type LatchkeyBinding,
} from '../../../packages/latchkey/src/hono.ts'
import { defineConfig } from '../../../src/core/config.ts'
import base from '../latchkey.config.ts'

async function customerOf(request: Request, env: { LATCHKEY: LatchkeyBinding }) {
  const token = request.headers.get('x-api-key') ?? ''
  const answer = await env.LATCHKEY.verify({ token, scopes: ['contacts:read'] })
  if (!answer.valid) return null
  return answer.key.external_id
}

const app = new Hono<{ Variables: ApiKeyVariables }>()
app.use('/contacts', apiKey({ scopes: ['contacts:read'] }))
app.get('/contacts', (c) => {
  const { external_id, metadata } = c.var.apiKey
  return c.text(`${external_id} on ${metadata?.plan}`)
})

function customerOfHeaders(headers: Headers): string | null {
  const sent = headers.get('x-latchkey-external-id') ?? 'none'
  return sent === 'none' ? null : decodeURIComponent(sent)
}

const config = defineConfig<Env>({
  formats: {
    acme_live: { prefix: 'acme_live_', alphabet: 'base62', length: 39, tagLength: 6 },
    acme_test: {
      ...{ prefix: 'acme_test_', alphabet: 'base62', length: 39, tagLength: 6 },
      environment: 'test',
    },
  },
  scopes: {
    'orders:read': { description: 'List and read orders', resource: true },
    'orders:write': 'Change orders',
    'orders:export': { description: 'Export all orders', wildcard: false },
  },
  policies: {
    api: [
      { method: 'GET', path: '/api/orders/{id}', scope: 'orders:read', resource: 'id' },
      { method: 'GET', path: '/api/recent', scope: ['orders:read', 'orders:write'] },
      { method: 'POST', path: '/api/exports', scope: 'orders:export' },
    ],
  },
  roles: { owner: { scopes: 'all' }, admin: { scopes: 'all' }, member: { scopes: [] } },
  gateway: { ...base.gateway, policy: 'api' },
})

export { app, config, customerOf, customerOfHeaders }

// The configuration that a deployer edits. An invalid setting stops the Worker at startup with a message that
// names it.
import { defineConfig } from './src/core/config.ts'
import type { Route } from './src/core/policy.ts'

/** The CRM serves the same routes under /api and /api/v1. */
const crm = (method: string, path: string, scope: string): Route[] => [
  { method, path: `/api${path}`, scope },
  { method, path: `/api/v1${path}`, scope },
]

export default defineConfig<Env>({
  formats: {
    whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 },
    wacrm_live: { prefix: 'wacrm_live_', alphabet: 'base62', length: 39, tagLength: 6 },
  },

  // Token formats of another system, needed to import its keys by their digests (docs/moving-from-*.md):
  // foreign: {
  //   unkey: { prefix: 'uk_', alphabet: 'base62', length: { min: 20, max: 60 } },
  //   better_auth: { prefix: '', alphabet: 'letters', length: 64 },
  //   wacrm: { prefix: 'wacrm_live_', alphabet: 'base64url', length: 43 },
  // },

  scopes: {
    'messages:send': 'Send WhatsApp messages',
    'messages:read': 'Read messages and their delivery status',
    'contacts:read': 'List and read contacts',
    'contacts:write': 'Create and update contacts',
    'conversations:read': 'List and read conversations',
    'broadcasts:send': 'Launch broadcast campaigns',
    'webhooks:manage': 'Register and manage outbound event webhooks',
  },

  roles: {
    owner: { scopes: 'all' },
    admin: { scopes: 'all' },
    member: { scopes: ['contacts:read', 'messages:read', 'conversations:read'] },
  },

  policies: {
    crm: [
      ...crm('GET', '/contacts', 'contacts:read'),
      ...crm('GET', '/contacts/{id}', 'contacts:read'),
      ...crm('POST', '/contacts', 'contacts:write'),
      ...crm('PATCH', '/contacts/{id}', 'contacts:write'),
      ...crm('POST', '/messages', 'messages:send'),
      ...crm('GET', '/messages', 'messages:read'),
      ...crm('GET', '/messages/{id}', 'messages:read'),
      ...crm('GET', '/conversations', 'conversations:read'),
      ...crm('GET', '/conversations/{id}', 'conversations:read'),
      ...crm('POST', '/broadcasts', 'broadcasts:send'),
      ...crm('GET', '/webhooks', 'webhooks:manage'),
      ...crm('POST', '/webhooks', 'webhooks:manage'),
      ...crm('DELETE', '/webhooks/{id}', 'webhooks:manage'),
    ],
  },

  gateway: {
    policy: 'crm',
    // Your API: 'https://api.example.com', or { fetch: (request, env) => env.API.fetch(request) }.
    upstream: {
      // Imported by the first request that reaches it, so that verifying a key does not load it.
      async fetch(request, env, context) {
        const crm = await import('./examples/crm/src/app.ts')
        return crm.default.fetch(request, env, context)
      },
    },
  },
})

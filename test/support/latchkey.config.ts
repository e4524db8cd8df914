// The configuration of the tests, in place of the deployer's latchkey.config.ts.
import { defineConfig } from '../../src/core/config.ts'
import type { Route } from '../../src/core/policy.ts'
import { signInWith } from '../../src/core/sign-in.ts'
import api from './protected-api.ts'

/** The API is served under /api and under /api/v1 */
const both = (method: string, path: string, scope: string, resource?: string): Route[] =>
  ['/api', '/api/v1'].map((base) => ({
    ...{ method, path: base + path, scope },
    ...(resource !== undefined && { resource }),
  }))

export default defineConfig<Env>({
  formats: {
    whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 },
    wacrm_live: { prefix: 'wacrm_live_', alphabet: 'base62', length: 39, tagLength: 6 },
    wacrm_test: {
      ...{ prefix: 'wacrm_test_', alphabet: 'base62', length: 39, tagLength: 6 },
      environment: 'test',
    },
  },

  scopes: {
    'messages:send': 'Send WhatsApp messages',
    'messages:read': 'Read messages and their delivery status',
    'contacts:read': { description: 'List and read contacts', resource: true },
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

  templates: {
    'Read-only': {
      description: 'Reads contacts and messages.',
      scopes: ['contacts:read', 'messages:read'],
      expiresInDays: 30,
    },
    'Message sender': {
      ...{
        description: 'Sends messages, at most 60 a minute.',
        name: 'Sender',
        expiresInDays: null,
      },
      ...{ scopes: ['messages:send'], format: 'wacrm_live', allowedIps: ['203.0.113.0/24'] },
      ...{ rateLimit: [{ limit: 60, windowSeconds: 60 }], metadata: { team: 'messaging' } },
    },
  },

  policies: {
    crm: [
      ...both('GET', '/contacts', 'contacts:read'),
      ...both('GET', '/contacts/{id}', 'contacts:read', 'id'),
      ...both('POST', '/contacts', 'contacts:write'),
      ...both('PATCH', '/contacts/{id}', 'contacts:write'),
      ...both('POST', '/messages', 'messages:send'),
      ...both('GET', '/messages', 'messages:read'),
      ...both('GET', '/messages/{id}', 'messages:read'),
      ...both('GET', '/conversations', 'conversations:read'),
      ...both('GET', '/conversations/{id}', 'conversations:read'),
      ...both('POST', '/broadcasts', 'broadcasts:send'),
      ...both('GET', '/webhooks', 'webhooks:manage'),
      ...both('POST', '/webhooks', 'webhooks:manage'),
      ...both('DELETE', '/webhooks/{id}', 'webhooks:manage'),
    ],
  },

  gateway: { policy: 'crm', upstream: api },

  // It needs no request before the browser is sent there.
  signIn: signInWith({ github: { clientId: 'test', clientSecret: () => 'secret' } }),
})

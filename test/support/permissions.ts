// A catalogue with every kind of scope, and roles and routes that use them.
import { defineConfig } from '../../src/core/config.ts'
import config from './latchkey.config.ts'
import api from './protected-api.ts'

const { scopes, roles, policies } = defineConfig<Env>({
  formats: config.formats,
  scopes: {
    'contacts:read': { description: 'Read contacts', resource: true },
    'contacts:write': 'Change contacts',
    'contacts:export': { description: 'Export all contacts', wildcard: false },
    'messages:read': 'Read messages',
    'messages:send': 'Send messages',
    'reports:read': { description: 'Read reports', resource: true },
  },
  roles: {
    owner: { scopes: 'all' },
    admin: { scopes: ['contacts:read', 'messages:*', 'reports:read#7'] },
    member: { scopes: ['contacts:*', 'reports:read#7'] },
  },
  policies: {
    crm: [
      { method: 'GET', path: '/api/contacts', scope: 'contacts:read' },
      { method: 'GET', path: '/api/contacts/{id}', scope: 'contacts:read', resource: 'id' },
      { method: 'PATCH', path: '/api/contacts/{id}', scope: 'contacts:write' },
      { method: 'POST', path: '/api/exports', scope: 'contacts:export' },
      { method: 'GET', path: '/api/inbox', scope: ['messages:read', 'messages:send'] },
      {
        method: 'GET',
        path: '/api/reports/{id}',
        scope: ['messages:send', 'reports:read'],
        resource: 'id',
      },
    ],
  },
  gateway: { policy: 'crm', upstream: api },
})

export const permissions = { scopes, roles, policies }

// The configuration of the simulated deployment.
import { defineConfig } from '../../src/core/config.ts'

export const config = defineConfig({
  formats: {
    whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 },
    test: { prefix: 'test_', alphabet: 'hex', length: 32, tagLength: 8, environment: 'test' },
  },
  scopes: { 'contacts:read': { description: 'Read', resource: true }, 'contacts:write': 'Write' },
  roles: {
    owner: { scopes: 'all' },
    admin: { scopes: 'all' },
    member: { scopes: ['contacts:read'] },
  },
  policies: { crm: [{ method: 'GET', path: '/api/contacts', scope: 'contacts:read' }] },
  gateway: { policy: 'crm', upstream: 'https://crm.test' },
})

// The least that a deployment configures. What latchkey.config.ts adds at start is its deployer's, and has no limit.
import { defineConfig } from '../../src/core/config.ts'

export default defineConfig({
  formats: { key: { prefix: 'key_', alphabet: 'hex', length: 32, tagLength: 8 } },
  scopes: {},
  roles: { owner: { scopes: 'all' }, admin: { scopes: 'all' }, member: { scopes: [] } },
  policies: { api: [] },
  gateway: { policy: 'api', upstream: 'https://api.example.com' },
})

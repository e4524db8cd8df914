// The configuration that a deployer edits. An invalid setting stops the Worker at startup with a message that
// names it. `npm run eject:crm` removes the settings of the example CRM.
import { crm } from './examples/crm/gateway.ts'
import { defineConfig } from './src/core/config.ts'

export default defineConfig<Env>({
  formats: {
    whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 },
    wacrm_live: { prefix: 'wacrm_live_', alphabet: 'base62', length: 39, tagLength: 6 },
    wacrm_test: {
      ...{ prefix: 'wacrm_test_', alphabet: 'base62', length: 39, tagLength: 6 },
      // Its keys are refused where live ones are asked for, and the other way round.
      environment: 'test',
    },
  },

  // Token formats of another system, needed to import its keys by their digests (docs/moving-from-*.md):
  // foreign: {
  //   unkey: { prefix: 'uk_', alphabet: 'base62', length: { min: 20, max: 60 } },
  //   better_auth: { prefix: '', alphabet: 'letters', length: 64 },
  //   wacrm: { prefix: 'wacrm_live_', alphabet: 'base64url', length: 43 },
  // },

  // Each scope with its description, such as 'orders:read': 'List and read orders'. With `resource: true` a key may hold
  // it for one resource: 'orders:read': { description: 'List and read orders', resource: true }.
  scopes: { ...crm.scopes },

  roles: {
    owner: { scopes: 'all' },
    admin: { scopes: 'all' },
    member: { scopes: [...crm.memberScopes] },
  },

  // What the dashboard offers to fill in for a new key, by name (docs/lists.md):
  // templates: {
  //   'Read-only': { description: 'Reads contacts.', scopes: ['contacts:read'], expiresInDays: 90 },
  // },

  // The scope of each route, such as { method: 'GET', path: '/api/orders/{id}', scope: 'orders:read', resource: 'id' }. A
  // list admits live keys; { environments: ['live', 'test'], routes: [...] } also those of other environments.
  policies: {
    crm: [...crm.routes],
  },

  gateway: {
    policy: 'crm',
    // The paths of your API, if they are not under /api: base: '/v2'.
    // Your API: 'https://api.example.com', or { fetch: (request, env) => env.API.fetch(request) }.
    upstream: crm.upstream,
  },

  // The page on which your customers manage their keys (docs/portal.md):
  // portal: { name: 'Example', logo: '/logo.svg', theme: 'auto' },

  // How invitations, password resets and warnings are mailed (docs/mail.md); without it, invitations are links to pass on:
  // mail: resendMail({ from: 'Latchkey <no-reply@example.com>', apiKey: (env) => env.RESEND_API_KEY }),

  // Sign-in with other providers (docs/sign-in.md):
  // signIn: signInWith({ github: { clientId: 'Ov23li…', clientSecret: (env) => env.GITHUB_CLIENT_SECRET } }),

  // Pages that may call the gateway from a browser, by their exact origins:
  // cors: { origins: ['https://app.example.com'] },
})

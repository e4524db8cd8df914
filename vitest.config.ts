import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// Secrets of the tests only; a deployment's own are never here.
const secrets = {
  TAG_SECRETS: 'test-tag-secret-new,test-tag-secret-old',
  AUTH_SECRETS: 'test-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'test-setup-token',
}

// Wrangler asks for required secrets in the environment; what counts are the bindings below.
for (const [name, value] of Object.entries(secrets)) process.env[name] ??= value

// As in wrangler.toml, but for the patience: what is sent arrives, and arrives again, at once.
const queueConsumers = {
  'latchkey-usage': { maxBatchSize: 10, maxBatchTimeout: 0, maxRetries: 100, retryDelay: 0 },
}

export default defineConfig(async () => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      // One line a request would drown what the tests say; those of logging set it themselves.
      miniflare: { bindings: { ...secrets, LOG_SAMPLE: '0' }, queueConsumers },
    }),
  ],
  test: {
    include: ['test/worker/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    setupFiles: ['./test/worker/setup.ts'],
    provide: {
      migrations: await readD1Migrations('./migrations'),
      crmMigrations: await readD1Migrations('./examples/crm/migrations'),
    },
    // The first lazy import of Better Auth takes workerd 2 to 5 s in a test.
    testTimeout: 20_000,
  },
}))

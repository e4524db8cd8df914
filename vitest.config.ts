import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { unstable_readConfig } from 'wrangler'
import { restartSilent } from './test/support/system/restart-silent.ts'

// Secrets of the tests only; a deployment's own are never here.
const secrets = {
  TAG_SECRETS: 'test-tag-secret-new,test-tag-secret-old',
  AUTH_SECRETS: 'test-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'test-setup-token',
}

// Wrangler requires the secrets in the environment; the bindings below are used.
for (const [name, value] of Object.entries(secrets)) process.env[name] ??= value

// As in wrangler.toml, but without waits: messages are delivered and redelivered at once.
const queueConsumers = {
  'latchkey-usage': { maxBatchSize: 100, maxBatchTimeout: 0, maxRetries: 100, retryDelay: 0 },
}

function isolationOf(sizes: string) {
  const [accounts, keysEach] = sizes.split('x').map(Number)
  return { accounts, keysEach, callsOfPair: Number(process.env.ISOLATION_CALLS ?? 12) }
}

function seedOf(seed: string): number {
  return seed === 'random' ? Date.now() % 2 ** 31 : Number(seed)
}

/** The migrations of each D1 database of wrangler.toml, by its binding. */
async function readMigrations() {
  const { d1_databases } = unstable_readConfig({ config: './wrangler.toml' })
  const entries = d1_databases.map(
    async ({ binding, migrations_dir = 'migrations' }) =>
      [binding, await readD1Migrations(migrations_dir)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

// The longest test takes 250 s on two cores that do much else; where more cases are asked for, longer.
const asked = process.env.POWERS_RUNS ?? process.env.ISOLATION ?? process.env.ISOLATION_CALLS
const silence = Number(process.env.SILENCE_SECONDS ?? (asked ? 3_600 : 540)) * 1_000

const optimizer = {
  enabled: true,
  include: [
    '@hono/zod-openapi',
    '@simplewebauthn/server',
    'better-auth/adapters/drizzle',
    'better-auth/api',
    'better-auth/cookies',
    'better-auth/crypto',
    'better-auth/minimal',
    'better-auth/plugins/jwt',
    'better-auth/plugins/organization',
    'drizzle-orm',
    'drizzle-orm/d1',
    'drizzle-orm/sqlite-core',
    'fast-check',
    'hono',
    'hono/cors',
    'hono/factory',
    'hono/hono-base',
    'hono/html',
    'hono/http-exception',
    'hono/route',
    'hono/router/reg-exp-router',
    'hono/utils/html',
    'jose',
    'otpauth',
    'zod',
  ],
  rolldownOptions: {
    external: [/^node:/, /^cloudflare:/],
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import', 'default'] },
  },
}

export default defineConfig(async () => ({
  // A deployer's configuration changes what the Worker does, not whether the tests pass.
  resolve: {
    alias: { '#config': join(import.meta.dirname, 'test', 'support', 'latchkey.config.ts') },
  },
  plugins: [
    cloudflareTest({
      main: './src/index.ts',
      wrangler: { configPath: './wrangler.toml' },
      // One line a request would drown what the tests say; those of logging set it themselves.
      miniflare: { bindings: { ...secrets, LOG_SAMPLE: '0' }, queueConsumers },
    }),
    restartSilent(silence),
  ],
  test: {
    include: ['test/worker/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    setupFiles: ['./test/worker/setup.ts'],
    provide: {
      migrations: await readMigrations(),
      // Of test/worker/powers-sequences.test.ts.
      sequences: { runs: Number(process.env.POWERS_RUNS ?? 12) },
      seed: seedOf(process.env.SEED ?? '1'),
      // Of test/worker/isolation-matrix.test.ts: accounts x keys of each.
      isolation: isolationOf(process.env.ISOLATION ?? '4x25'),
    },
    // Bundled once, instead of loaded module by module into the workerd of every file.
    deps: { optimizer: { ssr: optimizer } },
    maxWorkers: availableParallelism(),
    // The first lazy import of Better Auth takes workerd 2 to 5 s in a test.
    // They end what hangs, not what is slow: the longest of an hour in which ten programs share two cores took 70 s.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
}))

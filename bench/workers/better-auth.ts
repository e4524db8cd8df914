// @better-auth/api-key as its documentation sets it up, created once per isolate. One setting differs: the default
// limit of 10 requests a day per key is raised, so that the load is not refused.
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { Hono } from 'hono'

type Env = { DB: D1Database; KV?: KVNamespace; MODE: 'd1' | 'kv' | 'd1-deferred' }

const rateLimit = { enabled: true, timeWindow: 24 * 60 * 60 * 1000, maxRequests: 1_000_000_000 }

function createAuth({ DB, KV, MODE }: Env, waitUntil: (work: Promise<unknown>) => void) {
  const common = {
    database: DB,
    secret: 'a-secret-of-this-benchmark-only-32-characters',
    baseURL: 'http://localhost:8787',
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
  }
  if (MODE === 'kv' && KV !== undefined) {
    return betterAuth({
      ...common,
      secondaryStorage: {
        get: (name) => KV.get(name),
        set: (name, value, ttl) =>
          KV.put(name, value, ttl === undefined ? {} : { expirationTtl: Math.max(60, ttl) }),
        delete: (name) => KV.delete(name),
      },
      plugins: [apiKey({ rateLimit, storage: 'secondary-storage', fallbackToDatabase: true })],
    })
  }
  if (MODE === 'd1-deferred') {
    return betterAuth({
      ...common,
      advanced: { backgroundTasks: { handler: waitUntil } },
      plugins: [apiKey({ rateLimit, deferUpdates: true })],
    })
  }
  return betterAuth({ ...common, plugins: [apiKey({ rateLimit })] })
}

let auth: ReturnType<typeof createAuth> | null = null

const app = new Hono<{ Bindings: Env }>()

/** The tables, a user and a key, by Better Auth's own means. */
app.post('/prepare', async (c) => {
  auth ??= createAuth(c.env, (work) => c.executionCtx.waitUntil(work))
  await (await getMigrations(auth.options)).runMigrations()
  const body = { name: 'Ada', email: 'ada@bench.test', password: 'a-password-of-this-bench' }
  const { user } = await auth.api.signUpEmail({ body })
  const { key } = await auth.api.createApiKey({ body: { name: 'Bench', userId: user.id } })
  return c.json({ key })
})

app.post('/verify', async (c) => {
  auth ??= createAuth(c.env, (work) => c.executionCtx.waitUntil(work))
  const { token } = await c.req.json<{ token: string }>()
  const { valid, key } = await auth.api.verifyApiKey({ body: { key: token } })
  const about = key && { id: key.id, name: key.name, account: key.referenceId }
  return c.json({ status: 'success', data: { valid, key: about } })
})

export default app

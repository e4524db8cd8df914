// The upper bound: a Hono app that does only what every answer needs.
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'
import { type Context, Hono } from 'hono'

type Env = {
  KEY_CACHE: KVNamespace
  BAR: DurableObjectNamespace<FenceLike>
  /** The origin of an API. */
  UPSTREAM: string
}

const account = { id: '0c6b1c01-9ba9-447d-86a9-1c14672e70fc', name: 'Acme Inc' }
const scopes = ['contacts:read', 'messages:read', 'conversations:read']
const key = { id: '57e9ec0e-e272-4648-aa13-30f8457153d7', name: 'Bench' }

const app = new Hono<{ Bindings: Env }>()

app.get('/me', answer)

/** As many bytes as `GET /api/v1/me` answers. */
function answer(c: Context) {
  return c.json({ status: 'success', data: { account, key: { ...key, scopes, expires_at: null } } })
}

/** Parses the body of `POST /api/v1/keys/verify` and answers as many bytes. */
app.post('/verify', async (c) => {
  const { token } = await c.req.json<{ token: string }>()
  if (typeof token !== 'string') return c.json({ status: 'failure' }, 400)
  const about = { key: { ...key, expires_at: null }, account, rate_limit: null, credits: null }
  const data = { valid: true, code: 'valid', ...about, scopes }
  return c.json({ status: 'success', data })
})

/** The I/O of a first use and nothing else: one KV read, one Durable Object call, one after the other. */
app.get('/stores', async (c) => {
  const record = await c.env.KEY_CACHE.get('record', { type: 'json', cacheTtl: 3600 })
  const requiredSeq = await c.env.BAR.getByName('requiredSeq').requiredSeq()
  return c.json({
    status: 'success',
    data: { account, key: { ...key, scopes }, record, requiredSeq },
  })
})

/** One Durable Object call. */
app.get('/object', async (c) => {
  const requiredSeq = await c.env.BAR.getByName('requiredSeq').requiredSeq()
  return c.json({ status: 'success', data: { account, key: { ...key, scopes }, requiredSeq } })
})

/** Passes a request on, and asks nobody. */
app.get('/api/*', (c) => fetch(c.env.UPSTREAM + c.req.path, c.req.raw))

export default app

export class FenceLike extends DurableObject {
  requiredSeq(): number {
    return 1
  }
}

/** What every verification needs of the platform, one step after another: each path does all of those before it. */
export class Steps extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return steps.fetch(request, this.env, this.ctx)
  }
}

const utf8 = new TextEncoder()
const readHeaders = ['x-api-key', 'authorization', 'x-forwarded-prefix', 'cf-connecting-ip']
const writtenHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
}
/** The headers in which an API behind a gateway learns who calls. */
const identity = Object.fromEntries(
  [
    'account',
    'key-id',
    'user',
    'scopes',
    'resources',
    'external-id',
    'environment',
    'request-id',
  ].map((name) => [`x-latchkey-${name}`, '57e9ec0e-e272-4648-aa13-30f8457153d7']),
)
/** RFC 9110 7.6.1. */
const connection = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']
const steps = new Hono<{ Bindings: Env }>()
steps.get('/entrypoint', answer)
steps.use(async (_, next) => {
  await next()
})
steps.get('/middleware', answer)
steps.get('/read', (c) => {
  read(c)
  return answer(c)
})
steps.get('/digest', async (c) => {
  await digest(read(c))
  return answer(c)
})
steps.get('/written', async (c) => {
  await digest(read(c))
  const response = answer(c)
  for (const [name, value] of Object.entries(writtenHeaders)) response.headers.set(name, value)
  response.headers.set('x-request-id', crypto.randomUUID())
  return response
})

/** What a gateway must do beside verifying: no credential may pass on, and no answer may keep a request waiting. */
const withoutCredential = (sent: Request) => {
  const headers = new Headers(identity)
  for (const [name, value] of sent.headers) if (name !== 'x-api-key') headers.append(name, value)
  return headers
}
steps.get('/request/*', (c) => {
  const headers = withoutCredential(c.req.raw)
  return fetch(new Request(`${c.env.UPSTREAM}/api/contacts`, { headers, redirect: 'manual' }))
})
steps.get('/in-time/*', (c) => inTime(c))
steps.get('/answer/*', async (c) => {
  const answered = await inTime(c)
  const response = new Response(answered.body, answered)
  for (const name of connection) response.headers.delete(name)
  for (const [name, value] of Object.entries(writtenHeaders)) response.headers.set(name, value)
  return response
})

async function inTime({ req: { raw }, env }: Context<{ Bindings: Env }>): Promise<Response> {
  const { signal, abort } = abortable()
  const init = { headers: withoutCredential(raw), redirect: 'manual', signal } as const
  const timer = setTimeout(abort, 30_000)
  raw.signal.addEventListener('abort', abort, { once: true })
  try {
    return await fetch(new Request(`${env.UPSTREAM}/api/contacts`, init))
  } finally {
    clearTimeout(timer)
  }
}

function abortable() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

function read(c: Context): string {
  const [token, ...others] = readHeaders.map((name) => c.req.raw.headers.get(name))
  return token ?? others.join()
}

async function digest(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(token))).toHex()
}

/** The cost of a service binding alone, without work in the other Worker. */
export class Echo extends WorkerEntrypoint {
  verify(request: { token: string }) {
    return { valid: request.token !== '', code: 'valid', key, account, scopes }
  }
}

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
app.post('/verify', async (c) => verdict(c, await c.req.json()))

/** As many bytes as `GET /api/v1/me` answers. */
function answer(c: Context) {
  return c.json({ status: 'success', data: { account, key: { ...key, scopes, expires_at: null } } })
}

/** As many bytes as `POST /api/v1/keys/verify` answers. */
function verdict(c: Context, { token }: { token: string }) {
  if (typeof token !== 'string') return c.json({ status: 'failure' }, 400)
  const about = { key: { ...key, expires_at: null }, account, rate_limit: null, credits: null }
  const data = { valid: true, code: 'valid', ...about, scopes }
  return c.json({ status: 'success', data })
}

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
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const readHeaders = ['x-api-key', 'authorization', 'x-forwarded-prefix', 'cf-connecting-ip']
const writtenHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
}
/** As many bytes as Latchkey answers to a forged token. */
const problem = {
  type: 'https://latchkey.example/problems/invalid_api_key',
  title: 'The key is not valid.',
  status: 401,
  detail: 'The key is not valid.',
  code: 'invalid_api_key',
  request_id: key.id,
}
const challenge = 'Bearer realm="latchkey", error="invalid_token"'
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
  return written(answer(c))
})
steps.get('/tag', async (c) => {
  await tagOf(read(c))
  return written(answer(c))
})
steps.get('/refused', async (c) => {
  await tagOf(read(c))
  return written(c.json(problem, 401, { 'www-authenticate': challenge }))
})
steps.post('/parsed', async (c) => {
  read(c)
  return verdict(c, await parsed(c))
})
steps.post('/digests', (c) => verified(c, digest))
steps.post('/answered', async (c) => written(await verified(c, digest)))
steps.post('/tagged', async (c) => written(await verified(c, tagOf)))

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
  return written(response)
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

async function verified(c: Context, check: (token: string) => Promise<string>): Promise<Response> {
  await digest(read(c))
  const request = await parsed(c)
  await check(request.token)
  return verdict(c, request)
}

/** In one step, as long as it is declared to be. */
async function parsed(c: Context): Promise<{ token: string }> {
  for (const name of ['content-encoding', 'content-length', 'content-type'])
    c.req.raw.headers.get(name)
  return JSON.parse(strictUtf8.decode(await c.req.raw.arrayBuffer()))
}

async function digest(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(token))).toHex()
}

let tagKey: CryptoKey | null = null

/** The digest, by which no memory has the token, and the HMAC that would be its tag. */
async function tagOf(token: string): Promise<string> {
  await digest(token)
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  tagKey ??= await crypto.subtle.importKey('raw', utf8.encode('secret'), hmac, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', tagKey, utf8.encode(token))).toHex()
}

function written(response: Response): Response {
  for (const [name, value] of Object.entries(writtenHeaders)) response.headers.set(name, value)
  response.headers.set('x-request-id', crypto.randomUUID())
  return response
}

/** The cost of a service binding alone, and then with what a verification in the other Worker needs. */
export class Echo extends WorkerEntrypoint {
  verify(request: { token: string }) {
    return { valid: request.token !== '', code: 'valid', key, account, scopes }
  }

  async digested(request: { token: string }) {
    await digest(request.token)
    return this.verify(request)
  }

  async told(request: { token: string }) {
    const about = { external_id: null, metadata: null, environment: 'live', format: 'whm' }
    return {
      ...(await this.digested(request)),
      key: { ...key, ...about, expires_at: null },
      ...{ scopes: [...scopes], resources: [], rate_limit: null, credits: null },
    }
  }
}

// The upper bound: a Hono app that does only what every answer needs.
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'
import { Hono } from 'hono'

type Env = { KEY_CACHE: KVNamespace; BAR: DurableObjectNamespace<FenceLike> }

const account = { id: '0c6b1c01-9ba9-447d-86a9-1c14672e70fc', name: 'Acme Inc' }
const scopes = ['contacts:read', 'messages:read', 'conversations:read']
const key = { id: '57e9ec0e-e272-4648-aa13-30f8457153d7', name: 'Bench' }

const app = new Hono<{ Bindings: Env }>()

/** Answers as many bytes as `GET /api/v1/me`. */
app.get('/me', (c) =>
  c.json({ status: 'success', data: { account, key: { ...key, scopes, expires_at: null } } }),
)

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

export default app

export class FenceLike extends DurableObject {
  requiredSeq(): number {
    return 1
  }
}

/** The cost of a service binding alone, without work in the other Worker. */
export class Echo extends WorkerEntrypoint {
  verify(request: { token: string }) {
    return { valid: request.token !== '', code: 'valid', key, account, scopes }
  }
}

// What people write by hand, as the platform's guides show it: the digest of the key is looked up in KV, which may be a
// minute old, and behind it in D1. A revoked key passes until KV has forgotten it.
import { Hono } from 'hono'

type Env = { DB: D1Database; KEYS: KVNamespace }
type Key = { account: string; name: string; revoked: boolean }

const cacheTtl = 60

const app = new Hono<{ Bindings: Env }>()

app.post('/prepare', async (c) => {
  const sql =
    'CREATE TABLE keys (digest TEXT PRIMARY KEY, account TEXT, name TEXT, revoked INTEGER)'
  await c.env.DB.exec(sql)
  const key = crypto.randomUUID()
  const insert = c.env.DB.prepare('INSERT INTO keys VALUES (?, ?, ?, 0)')
  await insert.bind(await digestOf(key), 'Acme Inc', 'Bench').run()
  return c.json({ key })
})

app.get('/me', async (c) => {
  const token = c.req.header('x-api-key')
  const key = token === undefined ? null : await find(c.env, c.executionCtx, await digestOf(token))
  if (key === null || key.revoked) return c.json({ status: 'failure' }, 401)
  return c.json({ status: 'success', data: { account: { name: key.account }, key } })
})

export default app

export async function find(
  { KEYS, DB }: Env,
  context: Pick<ExecutionContext, 'waitUntil'>,
  digest: string,
): Promise<Key | null> {
  const cached = await KEYS.get<Key>(digest, { type: 'json', cacheTtl })
  if (cached !== null) return cached
  const key = await DB.prepare('SELECT account, name, revoked FROM keys WHERE digest = ?')
    .bind(digest)
    .first<Key>()
  if (key !== null) {
    context.waitUntil(KEYS.put(digest, JSON.stringify(key), { expirationTtl: cacheTtl }))
  }
  return key
}

async function digestOf(token: string): Promise<string> {
  const bytes = new TextEncoder().encode(token)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()
}

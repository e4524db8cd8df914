// A Hono API whose routes verify keys over a service binding: with Latchkey's middleware, with plain RPC, and, as the
// upper bound, with a binding to a Worker that only echoes.
import { Hono } from 'hono'
import { apiKey, type LatchkeyBinding } from '../../packages/latchkey/src/hono.ts'

type VerifyInput = { token: string; scopes: string[] }
type Env = { LATCHKEY: LatchkeyBinding; ECHO: { verify(input: VerifyInput): Promise<unknown> } }

const app = new Hono<{ Bindings: Env }>()
const scopes = ['contacts:read']

app.get('/middleware', apiKey({ scopes }), (c) => {
  return c.json({ status: 'success', data: { account: c.var.apiKey.account } })
})

app.get('/rpc', async (c) => {
  const token = c.req.header('x-api-key') ?? ''
  const answer = await c.env.LATCHKEY.verify({ token, scopes })
  return c.json({ status: 'success', data: { account: answer.account } }, answer.valid ? 200 : 401)
})

app.get('/echo', async (c) => {
  const token = c.req.header('x-api-key') ?? ''
  const answer = (await c.env.ECHO.verify({ token, scopes })) as { valid: boolean; account: object }
  return c.json({ status: 'success', data: { account: answer.account } }, answer.valid ? 200 : 401)
})

export default app

// A Hono API whose routes verify keys over a service binding: with Latchkey's middleware, with plain RPC, and, as the
// upper bound, with a binding to a Worker that only echoes.
import { Hono } from 'hono'
import { apiKey, type LatchkeyBinding } from '../../packages/latchkey/src/hono.ts'

type VerifyInput = { token: string; scopes: string[] }
type Answer = { valid: boolean; account: object }
type Echo = Record<'verify' | 'digested' | 'told', (input: VerifyInput) => Promise<Answer>>
type Env = { LATCHKEY: LatchkeyBinding; ECHO: Echo }

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

app.get('/echo/:method', async (c) => {
  const token = c.req.header('x-api-key') ?? ''
  const method = c.req.param('method') as keyof Echo
  const answer = await c.env.ECHO[method]({ token, scopes })
  return c.json({ status: 'success', data: { account: answer.account } }, answer.valid ? 200 : 401)
})

export default app

// An API of its own Worker, guarded by Latchkey over a service binding.
import { Hono } from 'hono'
import { apiKey, type LatchkeyBinding } from 'latchkey/hono'

type Bindings = { LATCHKEY: LatchkeyBinding }

const app = new Hono<{ Bindings: Bindings }>()

/** Whoever holds the scope. */
app.get('/contacts', apiKey({ scopes: ['contacts:read'] }), (c) =>
  c.json({ account: c.var.apiKey.account.name, contacts: ['Ada', 'Grace'] }),
)

/** Worth asking the fence for, even while a lease runs. */
app.delete('/contacts/:name', apiKey({ scopes: ['contacts:write'], fresh: true }), (c) =>
  c.json({ deleted: c.req.param('name') }),
)

/** Open to all; who presents a key must present a good one. */
app.get('/', apiKey({ optional: true }), (c) =>
  c.text(`Hello, ${c.var.apiKey?.account.name ?? 'stranger'}`),
)

export default app

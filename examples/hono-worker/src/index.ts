// An API in a Worker of its own, protected by Latchkey over a service binding.
import { Hono } from 'hono'
import { apiKey, type LatchkeyBinding } from 'latchkey/hono'

type Bindings = { LATCHKEY: LatchkeyBinding }

const app = new Hono<{ Bindings: Bindings }>()

/** Requires a key with the scope. */
app.get('/contacts', apiKey({ scopes: ['contacts:read'] }), (c) =>
  c.json({ account: c.var.apiKey.account.name, contacts: ['Ada', 'Grace'] }),
)

/** Queries the fence even while a lease runs. */
app.delete('/contacts/:name', apiKey({ scopes: ['contacts:write'], fresh: true }), (c) =>
  c.json({ deleted: c.req.param('name') }),
)

/** Public; a key that is presented must be valid. */
app.get('/', apiKey({ optional: true }), (c) =>
  c.text(`Hello, ${c.var.apiKey?.account.name ?? 'guest'}`),
)

export default app

// A small SaaS whose signed-in customers reach their API keys in one click.
import { Hono } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { html } from 'hono/html'
import { createClient } from 'latchkey'

type Bindings = { LATCHKEY_URL: string; LATCHKEY_KEY: string; COOKIE_SECRET: string }

/** What your own database knows of your customers. */
const customers: Record<string, { name: string; perMinute: number }> = {
  'customer-ada': { name: 'Ada', perMinute: 60 },
  'customer-grace': { name: 'Grace', perMinute: 600 },
}

const app = new Hono<{ Bindings: Bindings; Variables: { customerId: string | null } }>()

// Another site must not click for your customer.
app.use(csrf())

app.use(async (c, next) => {
  const cookie = await getSignedCookie(c, c.env.COOKIE_SECRET, 'customer')
  c.set('customerId', cookie && Object.hasOwn(customers, cookie) ? cookie : null)
  await next()
})

app.get('/', (c) => {
  const { customerId } = c.var
  return c.html(html`<!doctype html>
    <html lang="en">
      <title>Contacts Inc</title>
      <h1>Contacts Inc</h1>
      ${
        customerId === null
          ? Object.entries(customers).map(
              ([id, { name }]) =>
                html`<form method="post" action="/sign-in">
                  <button name="customer" value="${id}">Sign in as ${name}</button>
                </form>`,
            )
          : html`<p>Signed in as ${customers[customerId]?.name}</p>
              <form method="post" action="/api-keys"><button>Manage API keys</button></form>`
      }
    </html>`)
})

/** Stands for your own sign-in. */
app.post('/sign-in', async (c) => {
  const { customer } = await c.req.parseBody()
  if (typeof customer !== 'string' || !Object.hasOwn(customers, customer)) {
    return c.text('Unknown', 400)
  }
  const { protocol } = new URL(c.req.url)
  await setSignedCookie(c, 'customer', customer, c.env.COOKIE_SECRET, {
    ...{ httpOnly: true, sameSite: 'Lax', secure: protocol === 'https:', path: '/' },
  })
  return c.redirect('/', 303)
})

app.post('/api-keys', async (c) => {
  // Of your own session, never of the request: who chooses it chooses whose keys they get.
  const { customerId } = c.var
  if (customerId === null) return c.redirect('/', 303)
  const latchkey = createClient({ url: c.env.LATCHKEY_URL, key: c.env.LATCHKEY_KEY })
  const { url } = await latchkey.portal.createSession({
    external_id: customerId,
    scopes: ['contacts:read'],
    limits: {
      rate_limit: { limit: customers[customerId]?.perMinute ?? 60, window_seconds: 60 },
      max_lifetime: 365 * 86_400,
    },
    origin: new URL(c.req.url).origin,
  })
  // At once, and nowhere else: the url is a key to the keys of this customer.
  return c.redirect(url, 303)
})

export default app

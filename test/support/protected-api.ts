// The API behind the gateway in tests: rows of each account in memory. It reads only the X-Latchkey-*
// headers of Latchkey.
import { type Context, Hono } from 'hono'

type Row = { id: string; name: string }

const collections = ['contacts', 'messages', 'conversations', 'broadcasts', 'webhooks']

/** Rows by collection and account. */
const stored = new Map<string, Row[]>()

/** All that the API has stored, of every account. */
export const storedText = () => JSON.stringify([...stored])

const accountOf = (c: Context) => c.req.header('x-latchkey-account') ?? ''

function problem(c: Context, status: 400 | 403 | 404, code: string) {
  return c.json({ code }, status, { 'content-type': 'application/problem+json' })
}

async function readRow(c: Context): Promise<Omit<Row, 'id'> | null> {
  const body = await c.req.json().catch(() => null)
  return typeof body?.name === 'string' ? body : null
}

function createCollection(name: string) {
  const rowsOf = (c: Context) => stored.get(`${name}/${accountOf(c)}`) ?? []
  const find = (c: Context) => rowsOf(c).find(({ id }) => id === c.req.param('id'))
  return new Hono()
    .get('/', (c) => c.json({ status: 'success', data: rowsOf(c), next_cursor: null }))
    .post('/', async (c) => {
      const body = await readRow(c)
      if (body === null) return problem(c, 400, 'invalid_request')
      const row = { ...body, id: crypto.randomUUID() }
      stored.set(`${name}/${accountOf(c)}`, [...rowsOf(c), row])
      return c.json({ status: 'success', data: row }, 201)
    })
    .get('/:id', (c) => {
      const row = find(c)
      return row ? c.json({ status: 'success', data: row }) : problem(c, 404, 'not_found')
    })
    .patch('/:id', async (c) => {
      const body = await readRow(c)
      if (body === null) return problem(c, 400, 'invalid_request')
      const row = find(c)
      if (row === undefined) return problem(c, 404, 'not_found')
      return c.json({ status: 'success', data: Object.assign(row, body) })
    })
}

const app = new Hono()
app.notFound((c) => problem(c, 404, 'not_found'))
app.use(async (c, next) => (accountOf(c) === '' ? problem(c, 403, 'forbidden') : next()))
for (const name of collections) {
  app.route(`/api/${name}`, createCollection(name))
  app.route(`/api/v1/${name}`, createCollection(name))
}

export default app

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Client, clientOf, insertContacts, type Row } from './client.ts'

const lists = ['contacts', 'messages', 'conversations', 'webhooks']

async function allPages(client: Client, path: string): Promise<Row[][]> {
  const pages: Row[][] = []
  for (let cursor: string | null = null; pages.length === 0 || cursor !== null; ) {
    const page = await client.get(cursor === null ? path : `${path}&cursor=${cursor}`)
    pages.push(page.rows)
    cursor = page.nextCursor
  }
  return pages
}

const idsOf = (rows: Row[]) => rows.map((row) => row.id)

describe('paging', () => {
  it.each([
    { rows: 7, sizes: [3, 3, 1] },
    { rows: 6, sizes: [3, 3] },
    { rows: 0, sizes: [0] },
  ])('returns $rows rows of one millisecond exactly once, in pages of $sizes', async (given) => {
    const client = clientOf()
    const ids = await insertContacts(client.accountId, given.rows)
    const pages = await allPages(client, '/api/contacts?limit=3')
    expect(pages.map((page) => page.length)).toEqual(given.sizes)
    expect(idsOf(pages.flat())).toEqual(ids)
  })

  it('starts with the newest row and is not shifted by rows created meanwhile', async () => {
    const client = clientOf()
    const old = await insertContacts(client.accountId, 3)
    const newer = (await client.post('/api/contacts', { name: 'N', phone: '+12025550100' })).row
    const first = await client.get('/api/contacts?limit=2')
    expect(idsOf(first.rows)).toEqual([newer.id, old[0]])
    await client.post('/api/contacts', { name: 'Newest', phone: '+12025550100' })
    const rest = await client.get(`/api/contacts?limit=2&cursor=${first.nextCursor}`)
    expect(idsOf(rest.rows)).toEqual(old.slice(1))
    expect(rest.nextCursor).toBeNull()
  })

  it('pages through every list', async () => {
    const client = clientOf()
    const contactIds = await insertContacts(client.accountId, 5)
    await client.post('/api/broadcasts', { name: 'All', text: 'Hi', contact_ids: contactIds })
    for (const path of ['1', '2', '3', '4', '5']) {
      const url = `https://example.com/${path}`
      await client.post('/api/webhooks', { url, events: ['contact.created'] })
    }
    for (const list of lists) {
      const pages = await allPages(client, `/api/${list}?limit=2`)
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
      expect(new Set(idsOf(pages.flat())).size).toBe(5)
    }
  })

  it('returns 50 rows by default and at most 100', async () => {
    const client = clientOf()
    await insertContacts(client.accountId, 101)
    expect((await client.get('/api/contacts')).rows).toHaveLength(50)
    expect((await client.get('/api/contacts?limit=100')).rows).toHaveLength(100)
  })

  it.each(['0', '101', '-1', '1.5', '1e1', '01', '', 'ten', '%2010'])(
    'refuses limit=%s with 400 on every list',
    async (limit) => {
      for (const list of lists) {
        const answer = await clientOf().get(`/api/${list}?limit=${limit}`)
        expect(answer.status).toBe(400)
        expect(answer.body.errors).toMatchObject([{ path: 'limit' }])
      }
    },
  )

  const id = '5eed000c-0000-4000-8000-000000000001'
  it.each([
    ['an empty one', ''],
    ['not base64', '!!!'],
    ['base64 but not JSON', btoa('not json')],
    ['an id that is not a UUID', btoa(JSON.stringify(['contacts', 1, "' or 1=1 --"]))],
    ['a time that is text', btoa(JSON.stringify(['contacts', '1', id]))],
    ['a time out of range', btoa(JSON.stringify(['contacts', 8_640_000_000_000_001, id]))],
    ['a fraction of a millisecond', btoa(JSON.stringify(['contacts', 1.5, id]))],
    ['an extra element', btoa(JSON.stringify(['contacts', 1, id, 1]))],
    ['the cursor of another list', btoa(JSON.stringify(['messages', 1, id]))],
    ['an object', btoa(JSON.stringify({ createdAt: 1, id }))],
    ['a non-canonical encoding', btoa(JSON.stringify(['contacts', 1, id.toUpperCase()]))],
  ])('refuses a cursor that is %s with 400', async (_, cursor) => {
    const unpadded = cursor.replaceAll('=', '')
    const answer = await clientOf().get(`/api/contacts?cursor=${encodeURIComponent(unpadded)}`)
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toMatchObject([{ path: 'cursor' }])
  })

  it('accepts a canonical cursor, so that the refusals above are meaningful', async () => {
    const cursor = btoa(JSON.stringify(['contacts', 1, id])).replaceAll('=', '')
    expect((await clientOf().get(`/api/contacts?cursor=${cursor}`)).status).toBe(200)
  })
})

type Statement = { query: string; parameters: unknown[] }

/** The database; records each statement that the app runs. */
function recording(statements: Statement[]): D1Database {
  const prepare = (query: string) =>
    new Proxy(env.CRM_DB.prepare(query), {
      get(target, property) {
        if (property !== 'bind') return Reflect.get(target, property).bind(target)
        return (...parameters: unknown[]) => {
          statements.push({ query, parameters })
          return target.bind(...parameters)
        }
      },
    })
  return new Proxy(env.CRM_DB, {
    get: (target, property) =>
      property === 'prepare' ? prepare : Reflect.get(target, property).bind(target),
  })
}

async function planOf({ query, parameters }: Statement): Promise<string[]> {
  const plan = await env.CRM_DB.prepare(`explain query plan ${query}`)
    .bind(...parameters)
    .all<{ detail: string }>()
  return plan.results.map((step) => step.detail)
}

describe('the plan of every statement', () => {
  const statements: Statement[] = []

  beforeAll(async () => {
    const client = clientOf(crypto.randomUUID(), recording(statements))
    const ids = await insertContacts(client.accountId, 3)
    const message = (await client.post('/api/messages', { to: ids[0], text: 'Hi' })).row
    await client.post('/api/messages', { to: '+12025551001', text: 'Hi' })
    await client.post('/api/broadcasts', { name: 'All', text: 'Hi', contact_ids: ids })
    const hook = { url: 'https://example.com/', events: ['message.sent'] }
    await client.post('/api/webhooks', hook)
    const webhook = (await client.post('/api/webhooks', hook)).row
    for (const list of lists) {
      const { nextCursor } = await client.get(`/api/${list}?limit=1`)
      expect((await client.get(`/api/${list}?cursor=${nextCursor}`)).status).toBe(200)
    }
    const thread = `/api/messages?conversation_id=${message.conversation_id}&limit=1`
    const { nextCursor } = await client.get(thread)
    await client.get(`${thread}&cursor=${nextCursor}`)
    await client.get(`/api/contacts/${ids[0]}`)
    await client.patch(`/api/contacts/${ids[0]}`, { name: 'Renamed' })
    await client.get(`/api/messages/${message.id}`)
    await client.get(`/api/conversations/${message.conversation_id}`)
    await client.delete(`/api/webhooks/${webhook.id}`)
  })

  it('searches an index, scans no table, sorts nothing and skips no rows', async () => {
    expect(statements.length).toBeGreaterThan(20)
    for (const statement of statements) {
      const steps = (await planOf(statement)).join('\n')
      expect(steps, statement.query).not.toMatch(/SCAN (?!json_each)|TEMP B-TREE/)
      expect(statement.query).not.toMatch(/\boffset\b/i)
      expect(statement.parameters.length).toBeLessThanOrEqual(100)
    }
  })

  it('reads a later page of each list from the index of that list', async () => {
    const pages = statements.filter(({ query }) => query.includes(') < (?, ?)'))
    const steps = (await Promise.all(pages.map(planOf))).flat()
    const seek = (columns: string) => `(${columns} AND (created_at,id)<(?,?))`
    expect(steps).toEqual([
      ...lists.map((list) => `SEARCH ${list} USING INDEX ${list}_page ${seek('account_id=?')}`),
      'SEARCH messages USING INDEX messages_of_conversation ' +
        seek('account_id=? AND conversation_id=?'),
    ])
  })
})

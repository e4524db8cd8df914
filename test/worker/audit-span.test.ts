// The audit trail of a span of time: `from` is in it, `to` is not, in every page and with every other filter.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, openAccount } from '../support/account.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const start = Date.parse('2026-03-01T00:00:00.000Z')
const minute = 60_000
const timeOf = (timeMs: number) => new Date(timeMs).toISOString()

type Stored = { id: string; action: string; created_at: number }
/** One a minute, and two in the minute 5; the action alternates. */
const events: Stored[] = [0, 1, 2, 3, 4, 5, 5, 6, 7, 8].map((at, index) => ({
  id: crypto.randomUUID(),
  action: index % 2 === 0 ? 'key.created' : 'key.revoked',
  created_at: start + at * minute,
}))

let app: TestApp
let account: Account
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  await env.DB.prepare(
    `INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, created_at)
     SELECT value ->> 'id', ?2, value ->> 'action', 'system', NULL, value ->> 'created_at' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(events), account.id)
    .run()
})

const list = (query: Record<string, string>) =>
  app.request('GET', `/api/audit-events?${new URLSearchParams(query)}`, { as: account.owner.jwt })

/** Of ours: the account has events of its people too, made now. */
async function found(query: Record<string, string>): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const answer = await list({ ...query, ...(cursor !== null && { cursor }) })
    expect(answer.status, answer.text).toBe(200)
    ids.push(...answer.body.data.map(({ id }: { id: string }) => id))
    cursor = answer.body.next_cursor
  } while (cursor !== null)
  return ids.filter((id) => events.some((each) => each.id === id))
}

const spans: [string, number | null, number | null][] = [
  ['from a time on', 3, null],
  ['until a time', null, 5],
  ['between two times', 2, 6],
  ['at one time: nothing', 5, 5],
  ['from before the first to after the last', -1, 20],
  ['before the first', -9, 0],
  ['after the last', 9, 20],
]

describe('the audit trail', () => {
  it.each(spans)('%s', async (_, from, to) => {
    const span = {
      ...(from !== null && { from: timeOf(start + from * minute) }),
      ...(to !== null && { to: timeOf(start + to * minute) }),
    }
    const isIn = ({ created_at }: Stored) =>
      created_at >= start + (from ?? -Infinity) * minute &&
      created_at < start + (to ?? Infinity) * minute
    for (const action of [null, 'key.revoked']) {
      const wanted = events.filter((each) => isIn(each) && (action ?? each.action) === each.action)
      const ids = wanted.map(({ id }) => id).toReversed()
      for (const limit of ['1', '2', '3', '100']) {
        const query = { ...span, ...(action !== null && { action }), limit }
        expect({ query, ids: await found(query) }).toEqual({ query, ids })
      }
    }
  })

  it('takes any RFC 3339 time, to the millisecond', async () => {
    const last = events.at(-1)?.id
    const at = start + 8 * minute
    for (const from of [timeOf(at), '2026-03-01t00:08:00z', '2026-03-01T01:38:00.000+01:30']) {
      expect([from, await found({ from })]).toEqual([from, [last]])
    }
    expect(await found({ from: timeOf(at + 1) })).toEqual([])
    expect(await found({ from: timeOf(at), to: timeOf(at + 1) })).toEqual([last])
  })

  it.each([
    [{ from: '2026-03-01' }, 'query.from'],
    [{ to: '1772323200000' }, 'query.to'],
    [{ to: '2026-02-30T00:00:00Z' }, 'query.to'],
    [{ from: '2026-03-01T00:00:00.001Z', to: '2026-03-01T00:00:00Z' }, 'query.from'],
    [{ until: '2026-03-01T00:00:00Z' }, 'query.until'],
  ])('refuses %j', async (query, path) => {
    const { status, body } = await list(query as Record<string, string>)
    const paths = body.errors?.map((error: { path: string }) => error.path)
    expect([status, body.code, paths]).toEqual([400, 'invalid_request', [path]])
  })

  it('has cursors that belong to its span', async () => {
    const span = { from: timeOf(start), to: timeOf(start + 8 * minute), limit: '1' }
    const { body } = await list(span)
    const cursor = body.next_cursor
    expect((await list({ ...span, cursor })).status).toBe(200)
    const { to: _, ...open } = span
    for (const other of [open, { ...span, from: timeOf(start + 1) }, { limit: '1' }]) {
      const refused = await list({ ...other, cursor })
      const errors = [{ path: 'query.cursor', message: 'Not a cursor of this list' }]
      expect([refused.status, refused.body.errors]).toEqual([400, errors])
    }
  })
})

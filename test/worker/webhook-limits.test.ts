// Endpoints with more deliveries than one statement changes: all of them end, and no statement changes more.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deleteEndpoint } from '../../src/storage/webhook-endpoints.ts'
import { endpointDisabled } from '../../src/storage/webhook-outbox.ts'
import { type Account, openAccount } from '../support/account.ts'
import { addEndpoint, type MadeEndpoint, type Outside, openOutside } from '../support/outside.ts'
import { rowsOf, run } from '../support/records.ts'
import { countCosts } from '../support/statement-costs.ts'

const hour = 60 * 60_000
const counted = countCosts(env.DB)
let outside: Outside
let account: Account
let endpoint: MadeEndpoint

beforeAll(async () => {
  outside = await openOutside({ bindings: { DB: counted.d1 } })
})
beforeEach(async () => {
  account = await openAccount()
  endpoint = await addEndpoint(outside, account)
})

/** Pending deliveries of an endpoint, due at a time. */
async function store(count: number, dueAt: number, of = endpoint) {
  const prefix = `${crypto.randomUUID()}-`
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)'
  const nowMs = outside.clock.now()
  await run(
    `${numbers} INSERT INTO webhook_event (id, account_id, type, data, created_at)
     SELECT ? || i, ?, 'key.created', '{}', ? FROM n`,
    // Of no account with endpoints, for which a trigger would write deliveries.
    ...[count, prefix, 'no account', nowMs],
  )
  await run(
    `${numbers} INSERT INTO webhook_delivery (id, event_id, endpoint_id, status, next_attempt_at, created_at)
     SELECT ? || i, ? || i, ?, 'pending', ?, ? FROM n`,
    ...[count, prefix, prefix, of.id, dueAt, nowMs],
  )
}

/** How many deliveries of an endpoint have each outcome. */
async function outcomes({ id }: { id: string } = endpoint): Promise<Record<string, number>> {
  const rows = await rowsOf<{ outcome: string; n: number }>(
    `SELECT status || ': ' || coalesce(last_error, '') AS outcome, count(*) AS n
     FROM webhook_delivery WHERE endpoint_id = '${id}' GROUP BY 1`,
  )
  return Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n]))
}

const requests = () => outside.received.filter(({ url }) => url === endpoint.url).length

/** How many deliveries each statement changed that begins so. */
function changedBy(beginning: string): number[] {
  const costs = counted.costs.filter(({ sql }) => sql.trim().startsWith(beginning))
  return costs.map(({ changed }) => changed)
}

describe('an endpoint that is disabled', () => {
  it('fails 5,000 of its pending deliveries at once, and the others as they are due', async () => {
    const nowMs = outside.clock.now()
    const another = await addEndpoint(outside, account)
    await store(2, nowMs + hour, another)
    await store(5_003, nowMs + hour)
    await store(1, nowMs)
    outside.answers.set(endpoint.url, () => new Response('no', { status: 410 }))
    counted.costs.length = 0
    await outside.drain()
    expect(await outcomes()).toEqual({
      ...{ [`failed: ${endpointDisabled}`]: 5_000, 'failed: Answered 410': 1, 'pending: ': 3 },
    })
    const changed = changedBy('update "webhook_delivery" set status = \'failed\'')
    expect(changed).toEqual([5_000])
    outside.clock.skip(hour)
    await outside.drain()
    expect(await outcomes()).toEqual({
      ...{ [`failed: ${endpointDisabled}`]: 5_003, 'failed: Answered 410': 1 },
    })
    expect(requests()).toBe(1)
    expect(Math.max(...counted.costs.map(({ changed }) => changed))).toBe(5_000)
    expect(await outcomes(another)).toEqual({ 'delivered: ': 2 })
  })
})

describe('an endpoint that is deleted', () => {
  const entry = { action: 'a', actorKind: 'system', actorId: null, requestId: null } as const
  const remove = (perBatch: number) => {
    const place = { accountId: account.id, id: endpoint.id }
    const audit = { ...entry, detail: null }
    return deleteEndpoint(counted.d1, place, audit, outside.clock.now(), perBatch)
  }

  it('loses all its deliveries, a batch a statement, and no other endpoint does', async () => {
    const another = await addEndpoint(outside, account)
    const later = outside.clock.now() + hour
    await store(8, later)
    await store(2, later, another)
    counted.costs.length = 0
    await remove(3)
    expect(changedBy('delete from "webhook_delivery"')).toEqual([3, 3, 2])
    expect(await outcomes()).toEqual({})
    expect(await outcomes(another)).toEqual({ 'pending: ': 2 })
  })

  it('by a request: 5,000 a statement', async () => {
    await store(5_002, outside.clock.now() + hour)
    counted.costs.length = 0
    const { jwt } = account.owner
    const path = `/api/webhook-endpoints/${endpoint.id}`
    expect((await outside.app.request('DELETE', path, { as: jwt })).status).toBe(200)
    expect(changedBy('delete from "webhook_delivery"')).toEqual([5_000, 2])
    expect(await outcomes()).toEqual({})
  })

  it('has more than a hundred batches: the others are deleted as they are due, and none is sent', async () => {
    await store(203, outside.clock.now())
    counted.costs.length = 0
    await remove(2)
    expect(changedBy('delete from "webhook_delivery"')).toEqual(
      Array.from({ length: 100 }, () => 2),
    )
    expect(await outcomes()).toEqual({ 'pending: ': 3 })
    await outside.drain()
    expect(await outcomes()).toEqual({})
    expect(requests()).toBe(0)
  })
})

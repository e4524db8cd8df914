// Usage from an isolate's memory through a queue to D1: totals equal what was sent, however the queue
// delivers.
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import {
  batchLifetimeMs,
  createUsageStore,
  type UsageBatch,
  usageLifetimeMs,
} from '../../src/storage/usage-store.ts'
import {
  batchId,
  flushAfterMs,
  maxRows,
  sendTimeoutMs,
  type UsageCode,
  UsageCounter,
} from '../../src/usage/counter.ts'
import { rollUp } from '../../src/usage/roll-up.ts'
import { seriesOf, spanOf } from '../../src/usage/series.ts'
import { createRandom } from '../simulation/random.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { shuffled } from '../support/order.ts'
import { createTestApp } from '../support/test-app.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour
const now = Date.parse('2026-11-20T10:30:00Z')
const store = createUsageStore(env.DB)

/** An isolate's counter with a controlled clock and timer, and what it sent. */
function createCounter(send?: (batch: UsageBatch) => Promise<unknown>) {
  const clock = { now }
  const sent: UsageBatch[] = []
  const work: Promise<unknown>[] = []
  let timers: (() => void)[] = []
  const usage = new UsageCounter({
    now: () => clock.now,
    sleep: () => new Promise<void>((wake) => timers.push(wake)),
    newId: () => crypto.randomUUID(),
  })
  const way = {
    send: send ?? (async (batch: UsageBatch) => void sent.push(batch)),
    waitUntil: (promise: Promise<unknown>) => void work.push(promise),
  }
  return {
    clock,
    sent,
    work,
    timers: () => timers.length,
    /** The requests that held the timers are killed. */
    killTimers() {
      timers = []
      work.splice(0)
    },
    count: (keyId: string, code: UsageCode) => usage.count(keyId, code, way),
    async flush() {
      for (const wake of timers.splice(0)) wake()
      await Promise.all(work.splice(0))
    },
  }
}

function batchOf(rows: UsageBatch['rows'], at = now): UsageBatch {
  return { version: 1, id: batchId(at, crypto.randomUUID()), rows }
}

async function deliver(bodies: unknown[]) {
  const messages = bodies.map((body, at) => ({
    id: `${at}`,
    timestamp: new Date(now),
    attempts: 1,
    body,
  }))
  const batch = createMessageBatch('latchkey-usage', messages)
  await rollUp(store, batch.messages, now)
  return getQueueResult(batch, createExecutionContext())
}

const everything = { from: 0, to: now + 400 * day, stepMs: day }

async function totals(keyId: string): Promise<Record<string, number>> {
  const counts = await store.read(keyId, everything)
  const byCode = Object.entries(Object.groupBy(counts, ({ code }) => code))
  return Object.fromEntries(
    byCode.map(([code, of]) => [code, of?.reduce((sum, { count }) => sum + count, 0) ?? 0]),
  )
}

async function createKey(): Promise<string> {
  const id = crypto.randomUUID()
  const digest = crypto.randomUUID().replaceAll('-', '').padEnd(64, '0')
  await env.DB.prepare(
    `INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, created_at)
     VALUES (?, ?, 1, 'account', 'Counted', 'whm', 'a1b2c3d4', ?)`,
  )
    .bind(id, digest, now)
    .run()
  return id
}

async function lastUsedAt(id: string): Promise<number | null> {
  const row = await env.DB.prepare('SELECT last_used_at AS at FROM api_key WHERE id = ?')
    .bind(id)
    .first<{ at: number | null }>()
  return row?.at ?? null
}

describe('counting', () => {
  it('sends one message for all that was counted in a few seconds', async () => {
    const { count, flush, sent, clock, timers } = createCounter()
    for (let turn = 0; turn < 500; turn++) {
      count('key-a', turn % 5 === 0 ? 'insufficient_scope' : 'valid')
      clock.now += 1
    }
    count('key-b', 'revoked_api_key')
    expect(timers()).toBe(1)
    expect(sent).toEqual([])
    await flush()
    const hourOf = Math.floor(now / hour) * hour
    expect(sent).toHaveLength(1)
    expect(sent[0]?.rows).toEqual([
      ['key-a', hourOf, 'insufficient_scope', 100, now + 495],
      ['key-a', hourOf, 'valid', 400, now + 499],
      ['key-b', hourOf, 'revoked_api_key', 1, now + 500],
    ])
  })

  it('starts again after a flush, with another id', async () => {
    const { count, flush, sent } = createCounter()
    count('key-a', 'valid')
    await flush()
    await flush()
    count('key-a', 'valid')
    await flush()
    expect(sent.map(({ rows }) => rows[0]?.[3])).toEqual([1, 1])
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2)
  })

  it('counts hours separately', async () => {
    const { count, flush, sent, clock } = createCounter()
    count('key-a', 'valid')
    clock.now += 30 * 60 * 1000
    count('key-a', 'valid')
    await flush()
    const hours = sent.flatMap(({ rows }) => rows.map(([, hour]) => new Date(hour).getUTCHours()))
    expect(hours).toEqual([10, 11])
  })

  it('sends a full table at once, within the size limit of a queue', async () => {
    const { count, work, sent } = createCounter()
    for (let key = 0; key < 2.5 * maxRows; key++) {
      count(crypto.randomUUID(), 'authority_unavailable')
    }
    await Promise.all(work.slice(1))
    expect(sent.map(({ rows }) => rows.length)).toEqual([maxRows, maxRows])
    for (const batch of sent) expect(JSON.stringify(batch).length).toBeLessThan(128_000)
  })

  it('is sent by a later request when the one with the timer was killed', async () => {
    const { count, flush, sent, clock, killTimers, timers } = createCounter()
    count('key-a', 'valid')
    killTimers()
    clock.now += 2 * flushAfterMs
    count('key-a', 'valid')
    expect(timers()).toBe(0)
    clock.now += 1
    count('key-a', 'valid')
    await flush()
    expect(sent.map(({ rows }) => rows[0]?.[3])).toEqual([3])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('queue down'))],
    [
      'throws at once',
      () => {
        throw new Error('queue down')
      },
    ],
  ])('loses the counts of a window when the queue %s, and logs it once', async (_, send) => {
    const line = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { count, flush } = createCounter(send)
    for (let turn = 0; turn < 42; turn++) count('key-a', 'valid')
    await flush()
    expect(line).toHaveBeenCalledTimes(1)
    expect(JSON.parse(line.mock.calls[0]?.[0])).toMatchObject({
      event: 'usage_lost',
      requests: 42,
    })
    await flush()
    expect(line).toHaveBeenCalledTimes(1)
    line.mockRestore()
  })

  it('continues after requests were killed while their batches were being sent', async () => {
    const line = vi.spyOn(console, 'error').mockImplementation(() => {})
    let isDead = true
    const arrived: UsageBatch[] = []
    const { count, clock, flush, killTimers } = createCounter((batch) => {
      if (!isDead) arrived.push(batch)
      return isDead ? new Promise(() => {}) : Promise.resolve()
    })
    for (let turn = 0; turn < 4; turn++) {
      count('key-a', 'valid')
      flush().catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
    killTimers()
    isDead = false
    clock.now += 2 * sendTimeoutMs
    count('key-a', 'valid')
    await flush()
    expect(arrived).toHaveLength(1)
    line.mockRestore()
  })

  it('keeps no more than a few batches for a queue that hangs', async () => {
    const line = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { count, flush } = createCounter(() => new Promise(() => {}))
    const flushes = []
    for (let turn = 0; turn < 6; turn++) {
      count('key-a', 'valid')
      flushes.push(flush())
      // Lets the fired timers run.
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
    await Promise.all(flushes.slice(4))
    expect(line).toHaveBeenCalledTimes(2)
    line.mockRestore()
  })
})

describe('rolling up', () => {
  it('counts what was sent after every batch was redelivered, in another order', async () => {
    const random = createRandom(11)
    const keys = await Promise.all(Array.from({ length: 5 }, createKey))
    const codes: UsageCode[] = ['valid', 'rate_limited', 'credits_exhausted', 'insufficient_scope']
    const expected = new Map<string, Record<string, number>>(keys.map((key) => [key, {}]))
    const lastValid = new Map<string, number>()
    const isolates = Array.from({ length: 4 }, () => createCounter())
    for (let request = 0; request < 5_000; request++) {
      const isolate = random.one(isolates)
      const [key, code] = [random.one(keys), random.one(codes)]
      isolate.clock.now += random.int(10_000)
      isolate.count(key, code)
      const counts = expected.get(key) ?? {}
      counts[code] = (counts[code] ?? 0) + 1
      if (code === 'valid') {
        lastValid.set(key, Math.max(lastValid.get(key) ?? 0, isolate.clock.now))
      }
      if (random.is(0.02)) await isolate.flush()
    }
    for (const isolate of isolates) await isolate.flush()
    const batches = isolates.flatMap(({ sent }) => sent)
    expect(batches.length).toBeGreaterThan(50)

    const deliveries = shuffled([...batches, ...batches, ...batches], random)
    while (deliveries.length > 0) {
      // Several consumers at once, some with the same batch.
      const lists = Array.from({ length: 3 }, () => deliveries.splice(0, random.int(14)))
      await Promise.all(lists.map((list) => deliver(list)))
    }
    for (const key of keys) {
      expect(await totals(key)).toEqual(expected.get(key))
      expect(await lastUsedAt(key)).toBe(lastValid.get(key))
    }
  })

  it('adds a batch once when one delivery holds it twice', async () => {
    const batch = batchOf([['twice', now, 'valid', 3, now]])
    await deliver([batch, batch])
    expect(await totals('twice')).toEqual({ valid: 3 })
  })

  it('acknowledges what it added', async () => {
    const result = await deliver([batchOf([]), batchOf([['acked', now, 'valid', 1, now]])])
    expect(result.explicitAcks).toEqual(['0', '1'])
    expect(result.retryMessages).toEqual([])
  })

  it('retries with a growing delay when D1 fails', async () => {
    const line = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const down = { add: () => Promise.reject(new Error('D1 is down')) }
    const retriesAfter = async (attempts: number) => {
      const body = batchOf([['late', now, 'valid', 1, now]])
      const [ack, retry] = [vi.fn(), vi.fn()]
      const message = { id: '0', timestamp: new Date(now), attempts, body, ack, retry }
      await rollUp(down, [message], now)
      expect(ack).not.toHaveBeenCalled()
      return retry.mock.calls
    }
    expect(await retriesAfter(1)).toEqual([[{ delaySeconds: 60 }]])
    expect(await retriesAfter(3)).toEqual([[{ delaySeconds: 240 }]])
    expect(await retriesAfter(50)).toEqual([[{ delaySeconds: 3_600 }]])
    expect(line).toHaveBeenCalledTimes(3)
    line.mockRestore()
  })

  it('drops and logs what it cannot parse or what is too old', async () => {
    const line = vi.spyOn(console, 'error').mockImplementation(() => {})
    const old = batchOf([['old', now, 'valid', 1, now]], now - batchLifetimeMs - 1)
    const bodies = [null, 'text', { version: 2 }, { version: 1, id: 7, rows: [] }, old]
    const result = await deliver([...bodies, batchOf([['old', now, 'valid', 5, now]])])
    expect(result.explicitAcks).toHaveLength(6)
    expect(await totals('old')).toEqual({ valid: 5 })
    expect(line).toHaveBeenCalledTimes(5)
    line.mockRestore()
  })

  it('accepts the largest messages, ten at a time', async () => {
    const full = () =>
      batchOf(
        Array.from({ length: maxRows }, (_, at) => {
          const id = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`
          return [id, now, 'authority_unavailable', 1, now]
        }),
      )
    const result = await deliver(Array.from({ length: 23 }, full))
    expect(result.explicitAcks).toHaveLength(23)
    expect(await totals('00000000-0000-4000-8000-000000000999')).toEqual({
      authority_unavailable: 23,
    })
  })

  it('does not update last use for refused requests', async () => {
    const key = await createKey()
    await deliver([batchOf([[key, now, 'expired_api_key', 1, now]])])
    expect(await lastUsedAt(key)).toBe(null)
  })
})

describe('reading', () => {
  it('returns every hour or day of a range, with zeros where nothing was counted', async () => {
    const from = Date.parse('2026-11-18T00:00:00Z')
    await deliver([
      batchOf([
        ['read', from + 5 * hour, 'valid', 2, now],
        ['read', from + 5 * hour, 'rate_limited', 1, now],
        ['read', from + 30 * hour, 'valid', 4, now],
        ['read', from - hour, 'valid', 100, now],
        ['read', from + 2 * day, 'valid', 100, now],
        ['other', from, 'valid', 100, now],
      ]),
    ])
    const days = spanOf('day', from + 1, from + 2 * day - 1)
    expect(seriesOf(await store.read('read', days), days)).toEqual([
      { time: from, total: 3, counts: { rate_limited: 1, valid: 2 } },
      { time: from + day, total: 4, counts: { valid: 4 } },
    ])
    const hours = spanOf('hour', from + 4 * hour, from + 7 * hour)
    expect(seriesOf(await store.read('read', hours), hours)).toEqual([
      { time: from + 4 * hour, total: 0, counts: {} },
      { time: from + 5 * hour, total: 3, counts: { rate_limited: 1, valid: 2 } },
      { time: from + 6 * hour, total: 0, counts: {} },
    ])
  })

  it('deletes hours after 400 days, and batches after five', async () => {
    const oldHour = Math.floor((now - usageLifetimeMs) / hour) * hour
    const recent = batchOf([
      ['pruned', oldHour - hour, 'valid', 1, now],
      ['pruned', oldHour + hour, 'valid', 2, now],
    ])
    await deliver([recent])
    const old = batchId(now - batchLifetimeMs - 1, 'old')
    await env.DB.prepare('INSERT INTO usage_batch (id) VALUES (?)').bind(old).run()
    await store.prune(now)
    expect(await totals('pruned')).toEqual({ valid: 2 })
    const { results } = await env.DB.prepare('SELECT id FROM usage_batch WHERE id IN (?, ?)')
      .bind(old, recent.id)
      .all()
    expect(results).toEqual([{ id: recent.id }])
  })
})

describe('GET /api/api-keys/{id}/usage', async () => {
  const app = await createTestApp()
  const acme = await openAccount()
  const globex = await openAccount('Globex')
  const { id } = await makeKey(app, acme.owner.jwt)
  const today = Math.floor(Date.now() / day) * day
  const iso = (time: number) => new Date(time).toISOString()
  const getUsage = (query: Record<string, string> = {}, as = acme.member.jwt, of = id) =>
    app.request('GET', `/api/api-keys/${of}/usage?${new URLSearchParams(query)}`, { as })

  it('returns every day or hour, and the last use of the key, to a member of the account', async () => {
    const noon = today - 3 * day + 12 * hour
    const rows: UsageBatch['rows'] = [
      [id, noon, 'valid', 40, noon + 5],
      [id, noon, 'insufficient_scope', 2, noon + 9],
      [id, noon + hour, 'rate_limited', 1, noon + hour],
      [id, today - 40 * day, 'valid', 7, today - 40 * day],
    ]
    await createUsageStore(env.DB).add([batchOf(rows)])
    const month = await getUsage()
    expect(month.status).toBe(200)
    const { series, ...sums } = month.body.data
    expect(sums).toEqual({
      granularity: 'day',
      from: iso(today - 29 * day),
      to: iso(today + day),
      total: 43,
      counts: { valid: 40, insufficient_scope: 2, rate_limited: 1 },
    })
    expect(series).toHaveLength(30)
    expect(series.at(-4)).toEqual({
      time: iso(today - 3 * day),
      total: 43,
      counts: { valid: 40, insufficient_scope: 2, rate_limited: 1 },
    })
    const [from, to] = [iso(noon), iso(noon + 2 * hour)]
    const hours = await getUsage({ from, to, granularity: 'hour' })
    expect(hours.body.data.series).toEqual([
      { time: from, total: 42, counts: { valid: 40, insufficient_scope: 2 } },
      { time: iso(noon + hour), total: 1, counts: { rate_limited: 1 } },
    ])
    const whole = await getUsage({ from: iso(today - 400 * day), to: iso(today + day) })
    expect(whole.body.data.total).toBe(50)
    const key = await app.request('GET', `/api/api-keys/${id}`, { as: acme.member.jwt })
    expect(key.body.data.last_used_at).toBe(iso(noon + 5))
  })

  it('returns the last 24 hours by hour, including the current one', async () => {
    const { series } = (await getUsage({ granularity: 'hour' })).body.data
    const present = Math.floor(app.clock.now() / hour) * hour
    expect(series.map(({ time }: { time: string }) => time)).toEqual(
      Array.from({ length: 24 }, (_, at) => iso(present - (23 - at) * hour)),
    )
  })

  it('accepts times of any offset, and dates', async () => {
    const { data } = (await getUsage({ from: '2026-11-01', to: '2026-11-03T01:00:00+02:00' })).body
    expect([data.from, data.to]).toEqual(['2026-11-01T00:00:00.000Z', '2026-11-03T00:00:00.000Z'])
  })

  it.each([
    [{ from: 'yesterday' }, 'query.from'],
    [{ to: '2026-02-30' }, 'query.to'],
    [{ granularity: 'minute' }, 'query.granularity'],
    [{ from: iso(today), to: iso(today) }, 'query.from'],
    [{ from: iso(today), to: iso(today - 1) }, 'query.from'],
    [{ from: iso(today - 31 * day - 2 * hour), to: iso(today), granularity: 'hour' }, 'query.from'],
    [{ from: iso(today - 399 * day), to: iso(today + 3 * day) }, 'query.from'],
    [{ from: iso(today - 402 * day), to: iso(today - 390 * day) }, 'query.from'],
  ])('refuses %j, naming the field', async (query, path) => {
    const { status, body } = await getUsage(query as Record<string, string>)
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body.errors).toMatchObject([{ path }])
  })

  it('does not find a key of another account or a malformed id', async () => {
    expect((await getUsage({}, globex.owner.jwt)).status).toBe(404)
    expect((await getUsage({}, acme.owner.jwt, 'nothing')).status).toBe(404)
    expect((await getUsage({}, acme.owner.jwt, crypto.randomUUID())).status).toBe(404)
  })
})

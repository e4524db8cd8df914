// What an isolate counts and sends: one message a window, bounded in rows and bytes, never sent twice.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { flushAfterMs, maxBytes, maxRows, sendTimeoutMs } from '../../src/usage/counter.ts'
import type { UsageMessage, UsageRow } from '../../src/usage/message.ts'
import { createCounter, hour } from '../support/usage.ts'

const now = Date.parse('2026-11-20T10:30:00Z')
const thisHour = Math.floor(now / hour) * hour
/** Of a message of the queue. */
const queueBytes = 128_000

const rowsOf = ({ accounts }: UsageMessage): UsageRow[] => Object.values(accounts).flat()
const countsOf = (sent: readonly UsageMessage[]) =>
  sent.map((message) => rowsOf(message).map(([, , , count]) => count))
const sizeOf = (message: UsageMessage) =>
  new TextEncoder().encode(JSON.stringify(message)).byteLength

afterEach(() => vi.restoreAllMocks())

describe('an isolate', () => {
  it('sends one message for all that it counted in a few seconds, by account', async () => {
    const { count, flush, sent, clock, timers } = createCounter(now)
    for (let turn = 0; turn < 500; turn++) {
      count('key-a', turn % 5 === 0 ? 'insufficient_scope' : 'valid')
      clock.now += 1
    }
    count('key-b', 'revoked_api_key', { accountId: 'other', externalId: 'customer 1' })
    expect(timers()).toBe(1)
    expect(sent).toEqual([])
    await flush()
    expect(sent).toMatchObject([{ version: 2, tiers: [], requests: {} }])
    expect(sent[0]?.accounts).toEqual({
      account: [
        ['key-a', thisHour, 'insufficient_scope', 100, now + 495, null, 'live'],
        ['key-a', thisHour, 'valid', 400, now + 499, null, 'live'],
      ],
      other: [['key-b', thisHour, 'revoked_api_key', 1, now + 500, 'customer 1', 'live']],
    })
  })

  it('counts the external ids that a key had apart, also one that is spelled like none', async () => {
    const { count, flush, sent } = createCounter(now)
    for (const externalId of [null, 'null', 'a', 'a b', 'a']) count('key', 'valid', { externalId })
    await flush()
    const counted = sent.flatMap(rowsOf).map(([, , , count, , externalId]) => [externalId, count])
    expect(counted).toEqual([
      [null, 1],
      ['null', 1],
      ['a', 2],
      ['a b', 1],
    ])
  })

  it('keeps the time of the last request when its clock goes back', async () => {
    const { count, flush, sent, clock } = createCounter(now)
    for (const step of [0, 50, -40]) {
      clock.now += step
      count('key', 'valid')
    }
    await flush()
    expect(sent.flatMap(rowsOf).map(([, , , count, at]) => [count, at])).toEqual([[3, now + 50]])
  })

  it('starts again after a flush, with another id', async () => {
    const { count, flush, sent } = createCounter(now)
    count('key-a', 'valid')
    await flush()
    await flush()
    count('key-a', 'valid')
    await flush()
    expect(countsOf(sent)).toEqual([[1], [1]])
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2)
  })

  it('counts hours separately', async () => {
    const { count, flush, sent, clock } = createCounter(now)
    count('key-a', 'valid')
    clock.now += 30 * 60 * 1000
    count('key-a', 'valid')
    await flush()
    const hours = sent.flatMap(rowsOf).map(([, hour]) => new Date(hour).getUTCHours())
    expect(hours).toEqual([10, 11])
  })

  it('sends a full table at once', async () => {
    const { count, work, sent } = createCounter(now)
    for (let key = 0; key < 2.5 * maxRows; key++) count(crypto.randomUUID(), 'valid')
    await Promise.all(work.slice(1))
    expect(sent.map((message) => rowsOf(message).length)).toEqual([maxRows, maxRows])
  })

  it.each([
    ['the longest code', () => ({})],
    ['accounts of one key each', () => ({ accountId: crypto.randomUUID() })],
    ['long external ids', () => ({ externalId: `${crypto.randomUUID()}${'x'.repeat(219)}` })],
    ['external ids of escapes', () => ({ externalId: '\u2028"\\'.repeat(80) })],
    ['external ids of three bytes a letter', () => ({ externalId: '語'.repeat(255) })],
    ['long account ids', () => ({ accountId: `${crypto.randomUUID()}${'"'.repeat(2_000)}` })],
  ])('sends before a message is too large for the queue: %s', async (_, more) => {
    const { count, countTier, work, sent } = createCounter(now)
    for (let key = 0; key < 3 * maxRows; key++) {
      // Every region and tier there is, and two hours of them.
      if (key < 100) countTier(`region-${key % 20}`, `database-${key % 5}`)
      count(crypto.randomUUID(), 'authority_unavailable', more())
      // The first work is the timer's.
      if (work.length > 1) await Promise.all(work.splice(1))
    }
    expect(sent.length).toBeGreaterThan(2)
    const sizes = sent.map(sizeOf)
    expect(Math.max(...sizes)).toBeLessThan(queueBytes - 10_000)
    // Not for nothing: what the bound counts is close to what there is, but for escapes.
    if (_ === 'the longest code') expect(Math.min(...sizes)).toBeGreaterThan(0.9 * maxBytes)
  })

  it('is sent by a later request when the one with the timer was killed', async () => {
    const { count, flush, sent, clock, killTimers, timers } = createCounter(now)
    count('key-a', 'valid')
    killTimers()
    clock.now += 2 * flushAfterMs
    count('key-a', 'valid')
    expect(timers()).toBe(0)
    clock.now += 1
    count('key-a', 'valid')
    await flush()
    expect(countsOf(sent)).toEqual([[3]])
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
    const { count, flush } = createCounter(now, send)
    for (let turn = 0; turn < 42; turn++) count('key-a', 'valid')
    await flush()
    expect(line).toHaveBeenCalledTimes(1)
    expect(JSON.parse(line.mock.calls[0]?.[0])).toMatchObject({
      event: 'usage_lost',
      requests: 42,
    })
    await flush()
    expect(line).toHaveBeenCalledTimes(1)
  })

  it('continues after requests were killed while their messages were being sent', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let isDead = true
    const arrived: UsageMessage[] = []
    const { count, clock, flush, killTimers } = createCounter(now, (message) => {
      if (!isDead) arrived.push(message)
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
  })

  it('keeps no more than a few messages for a queue that hangs', async () => {
    const line = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { count, flush } = createCounter(now, () => new Promise(() => {}))
    const flushes = []
    for (let turn = 0; turn < 6; turn++) {
      count('key-a', 'valid')
      flushes.push(flush())
      // Lets the fired timers run.
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
    await Promise.all(flushes.slice(4))
    expect(line).toHaveBeenCalledTimes(2)
  })
})

// What has expired is deleted once a day, in statements of bounded size.
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { isExpiryDue, pruneExpired } from '../../src/storage/expired.ts'
import { runScheduled } from '../../src/worker/cron.ts'
import { openAccount } from '../support/account.ts'
import { createTestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const tables = [
  ...(['session', 'verification', 'reset_link', 'spent_challenge'] as const),
  ...(['portal_session', 'attempt'] as const),
]
const minute = 60_000
const due = Date.UTC(2026, 10, 28, 3, 10)

const numbers = (count: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`

/** Rows of each table, all with the same end. */
async function fill(name: string, count: number, endsAt: number): Promise<void> {
  const { owner } = await openAccount()
  const given = [name, endsAt, owner.id]
  const statements = [
    `INSERT INTO session (id, token, user_id, expires_at, created_at, updated_at)
      ${numbers(count)} SELECT ?1 || i, ?1 || i, ?3, ?2, 1, 1 FROM n`,
    `INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at)
      ${numbers(count)} SELECT ?1 || i, ?3, '', ?2, 1, 1 FROM n`,
    `INSERT INTO reset_link (id, digest, user_id, origin, expires_at, created_at)
      ${numbers(count)} SELECT ?1 || i, ?1 || i, ?3, 'mail', ?2, 1 FROM n`,
    `INSERT INTO spent_challenge (digest, expires_at) ${numbers(count)} SELECT ?1 || i || ?3, ?2 FROM n`,
    `INSERT INTO portal_session (id, digest, account_id, key_id, external_id, scopes, environments, max_keys,
        expires_at, created_at)
      ${numbers(count)} SELECT ?1 || i, ?1 || i, ?3, ?3, 'x', '[]', '[]', 1, ?2, 1 FROM n`,
    `INSERT INTO attempt (key, count, ends_at) ${numbers(count)} SELECT ?1 || i || ?3, 1, ?2 FROM n`,
  ]
  await env.DB.batch(statements.map((sql) => env.DB.prepare(sql).bind(...given)))
}

async function left(name: string): Promise<number[]> {
  const columns = { session: 'id', verification: 'id', reset_link: 'id', portal_session: 'id' }
  const named = { ...columns, spent_challenge: 'digest', attempt: 'key' }
  const counts = tables.map((table) =>
    env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${named[table]} LIKE ?`)
      .bind(`${name}%`)
      .first<number>('n'),
  )
  return (await Promise.all(counts)).map((count) => count ?? 0)
}

describe('expired sessions, verifications, links, challenges and attempts', () => {
  it('are deleted, and only they', async () => {
    await fill('old/', 3, due)
    await fill('new/', 2, due + 1)
    await pruneExpired(env.DB, due)
    expect(await left('old/')).toEqual(tables.map(() => 0))
    expect(await left('new/')).toEqual(tables.map(() => 2))
  })

  it('are deleted by statements of at most 5,000 rows', async () => {
    await fill('many/', 5_001, due)
    const watch = watchBindings()
    await pruneExpired(watch.bindings.DB as D1Database, due)
    expect(await left('many/')).toEqual(tables.map(() => 0))
    expect(watch.counts()).toEqual({ 'D1.run': 2 * tables.length })
  })

  it('are looked for in one minute of a day', async () => {
    const minutes = Array.from({ length: 2 * 24 * 60 }, (_, at) => due + minute / 2 + at * minute)
    expect(minutes.filter(isExpiryDue)).toEqual([minutes[0], minutes[24 * 60]])
    vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const [start, deletes] of [
      [due + minute, 0],
      [due, tables.length],
    ] as const) {
      const watch = watchBindings()
      let now: number = start
      const skip = (ms: number) => {
        now += ms
      }
      const clock = { now: () => now, skip, sleep: async (ms: number) => skip(ms) }
      const at = await createTestApp({ clock, bindings: watch.bindings })
      await runScheduled(at.isolate, at.bindings, '* * * * *', () => {})
      const pattern = new RegExp(`DELETE FROM (${tables.join('|')})`)
      expect(watch.calls.filter(({ what }) => pattern.test(what))).toHaveLength(deletes)
    }
    vi.restoreAllMocks()
  })
})

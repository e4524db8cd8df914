// D1 restored to an earlier time by the procedure of docs/restore.md: no fence and no memory keeps
// state from after that time.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { openFence } from '../support/fences.ts'
import {
  addPerson,
  createAccount,
  createSkippingClock,
  createTestApp,
  type TestPerson,
} from '../support/test-app.ts'

const tables = ['api_key', 'sequence', 'fence', 'pending_raise'] as const
type Snapshot = Map<string, Record<string, unknown>[]>

async function snapshot(): Promise<Snapshot> {
  const rows = new Map()
  for (const table of tables) {
    rows.set(table, (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results)
  }
  return rows
}

/** Restores the rows of the tables; keys created since then are removed, as by a restore. */
async function restore(rows: Snapshot): Promise<void> {
  await env.DB.exec('DROP TRIGGER api_key_is_never_deleted')
  for (const [table, content] of rows) {
    await env.DB.prepare(`DELETE FROM ${table}`).run()
    for (const row of content) {
      const columns = Object.keys(row)
      const marks = columns.map(() => '?').join(', ')
      await env.DB.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`)
        .bind(...Object.values(row))
        .run()
    }
  }
}

describe('restoring D1 to an earlier time', () => {
  const clock = createSkippingClock()
  const operator = { headers: { authorization: `Bearer ${env.SETUP_TOKEN}` } }
  let owner: TestPerson

  beforeAll(async () => {
    owner = await addPerson(await createAccount('Acme Inc'), 'owner')
  })

  it('requires the secret of the deployment, and that changes are stopped', async () => {
    const app = await createTestApp({ clock })
    const path = '/api/operations/fences/reset'
    expect((await app.request('POST', path, { body: {} })).status).toBe(401)
    expect((await app.request('POST', path, { body: {}, as: 'not-the-token' })).status).toBe(403)
    expect((await app.request('POST', path, { body: {}, as: owner.jwt })).status).toBe(403)
    const answer = await app.request('POST', path, { body: {}, ...operator })
    expect(answer.body.code, answer.text).toBe('conflict')
  })

  it('stops every change with a 503 while keys go on working', async () => {
    const app = await createTestApp({ clock })
    const made = await app.request('POST', '/api/api-keys', { as: owner.jwt, body: { name: 'A' } })
    const stopped = await createTestApp({ clock, bindings: { CHANGES: 'stopped' as never } })
    const path = `/api/api-keys/${made.body.data.id}`
    const answer = await stopped.request('DELETE', path, { as: owner.jwt })
    expect(answer.status).toBe(503)
    expect(answer.body.code).toBe('authority_unavailable')
    expect((await stopped.request('GET', path, { as: owner.jwt })).status).toBe(200)
    expect((await stopped.request('GET', '/api/v1/me', { key: made.body.data.key })).status).toBe(
      200,
    )
  })

  it('makes fences that opened since then register again, so that the next revocation reaches them', async () => {
    const app = await createTestApp({ clock })
    const body = { name: 'Kept' }
    const { id, key } = (await app.request('POST', '/api/api-keys', { as: owner.jwt, body })).body
      .data
    const before = await snapshot()
    // As if the fence of this region had opened only after the time that is restored.
    before.set('fence', [])
    await openFence()
    expect((await app.request('GET', '/api/v1/me', { key })).status).toBe(200)
    const fences = (await app.request('GET', '/api/operations/fences', operator)).body.data
    expect(fences).toContain('enam/0-of-1')

    await restore(before)
    const stopped = await createTestApp({
      clock,
      isolate: app.isolate,
      bindings: { CHANGES: 'stopped' as never },
    })
    const path = '/api/operations/fences/reset'
    const reset = await stopped.request('POST', path, { body: { fences }, ...operator })
    expect(reset.body.data.missing, reset.text).toEqual([])
    expect(reset.body.data.reset).toContain('enam/0-of-1')

    // Another isolate holds the key in memory; only the fence shows that it is too old.
    const other = await createTestApp({ clock })
    expect((await other.request('GET', '/api/v1/me', { key })).status).toBe(200)
    const revoked = await app.request('DELETE', `/api/api-keys/${id}`, { as: owner.jwt })
    expect(revoked.status, revoked.text).toBe(200)
    const after = await other.request('GET', '/api/v1/me', { key })
    expect(after.body.code, after.text).toBe('revoked_api_key')
  })
})

// Cursors of the audit trail and of deliveries belong to the filter of their list.
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { makeKey, openAccount } from '../support/account.ts'
import { createTestApp } from '../support/test-app.ts'

const refusal = [{ path: 'query.cursor', message: 'Not a cursor of this list' }]

it('a cursor of the audit trail is refused with another filter', async () => {
  const app = await createTestApp()
  const as = (await openAccount()).owner.jwt
  const list = (query: Record<string, string>) =>
    app.request('GET', `/api/audit-events?${new URLSearchParams(query)}`, { as })
  for (let made = 0; made < 3; made++) await makeKey(app, as)
  const first = await list({ action: 'key.created', limit: '1' })
  const cursor = first.body.next_cursor
  const second = await list({ action: 'key.created', limit: '2', cursor })
  expect([second.status, second.body.data.length]).toEqual([200, 2])
  expect(second.body.data).not.toContainEqual(first.body.data[0])
  for (const other of [{}, { action: 'key.revoked' }]) {
    const refused = await list({ ...other, cursor })
    expect([refused.status, refused.body.errors]).toEqual([400, refusal])
  }
})

it('a cursor of deliveries is refused with another status and for another endpoint', async () => {
  const app = await createTestApp()
  const account = await openAccount()
  const [one, two] = [crypto.randomUUID(), crypto.randomUUID()]
  for (const id of [one, two]) {
    await env.DB.prepare(
      `INSERT INTO webhook_endpoint (id, account_id, url, sealed_secret, created_at)
       VALUES (?, ?, 'https://example.com/', 'x', 1)`,
    )
      .bind(id, account.id)
      .run()
  }
  for (let made = 0; made < 3; made++) await makeKey(app, account.owner.jwt)
  const list = (id: string, query: Record<string, string>) =>
    app.request('GET', `/api/webhook-endpoints/${id}/deliveries?${new URLSearchParams(query)}`, {
      as: account.owner.jwt,
    })
  const { body } = await list(one, { status: 'pending', limit: '1' })
  const cursor = body.next_cursor
  expect((await list(one, { status: 'pending', cursor })).body.data).toHaveLength(2)
  for (const refused of [
    await list(one, { cursor }),
    await list(one, { status: 'failed', cursor }),
    await list(two, { status: 'pending', cursor }),
  ]) {
    expect([refused.status, refused.body.errors]).toEqual([400, refusal])
  }
})

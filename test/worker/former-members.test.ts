// What a person who is demoted or removed leaves behind: grants to keys, invitations, keys and endpoints.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { markForReview } from '../../src/storage/reviews.ts'
import { runScheduled } from '../../src/worker/cron.ts'
import { type Account, type MadeKey, makeKey, openAccount, outcome } from '../support/account.ts'
import { invite, newAccount, send as sendAs, signIn } from '../support/people-world.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
beforeAll(async () => {
  app = await createTestApp()
})

const me = (key: string) => outcome(app.request('GET', '/api/v1/me', { key }))
const sql = (text: string, ...values: unknown[]) =>
  env.DB.prepare(text)
    .bind(...values)
    .run()

/** An owner beside the one of the account, with what they leave. */
async function departing() {
  const account = await openAccount()
  await sql(`UPDATE member SET role = 'owner' WHERE user_id = ?`, account.admin.id)
  const as = account.admin.jwt
  const [managing, own, inherits] = [
    await makeKey(app, as, { scopes: ['keys:manage'], may_grant: {} }),
    await makeKey(app, as, { scopes: ['contacts:read'] }),
    await makeKey(app, as),
  ]
  const ofOwner = await makeKey(app, account.owner.jwt, { scopes: ['keys:manage'] })
  const invitationId = crypto.randomUUID()
  await sql(
    `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
     VALUES (?, ?, ?, 'admin', 'pending', ?, ?, 1)`,
    invitationId,
    account.id,
    `${invitationId}@example.test`,
    account.admin.id,
    Date.now() + 1_000_000,
  )
  const endpointId = crypto.randomUUID()
  await sql(
    `INSERT INTO webhook_endpoint (id, account_id, url, sealed_secret, created_by, created_at)
     VALUES (?, ?, 'https://example.com/', 'x', ?, 1)`,
    endpointId,
    account.id,
    account.admin.id,
  )
  return { account, managing, own, inherits, ofOwner, invitationId, endpointId }
}

type Left = Awaited<ReturnType<typeof departing>>

const goes: [string, (account: Account) => Promise<unknown>][] = [
  [
    'demoted to admin',
    ({ admin }) => sql(`UPDATE member SET role = 'admin' WHERE user_id = ?`, admin.id),
  ],
  [
    'demoted to member',
    ({ admin }) => sql(`UPDATE member SET role = 'member' WHERE user_id = ?`, admin.id),
  ],
  ['removed', ({ admin }) => sql('DELETE FROM member WHERE user_id = ?', admin.id)],
]

describe.each(goes)('of a person who is %s', (_, go) => {
  let left: Left
  const shown = async ({ id }: MadeKey) =>
    (await app.request('GET', `/api/api-keys/${id}`, { as: left.account.owner.jwt })).body.data
  const eventsOf = async (action: string) =>
    (await app.request('GET', `/api/audit-events?action=${action}`, { as: left.account.owner.jwt }))
      .body.data
  beforeAll(async () => {
    left = await departing()
    expect(await me(left.managing.key)).toBe('200')
    await go(left.account)
    // The triggers leave the raises, as for every change by SQL; the reconciler makes them.
    await runScheduled(app.isolate, app.bindings, '* * * * *', () => {})
  })

  it('keys that manage keys by their grant are disabled, with an event', async () => {
    expect(await me(left.managing.key)).toBe('401 disabled_api_key')
    expect(await me(left.ofOwner.key)).toBe('200')
    const [event] = await eventsOf('key.updated')
    expect(event).toMatchObject({
      key_id: left.managing.id,
      subject_id: left.account.admin.id,
      actor: { kind: 'system' },
      detail: { changed: { disabled: true }, reason: 'grantor_left' },
    })
  })

  it('other keys with scopes of their own stay, and wait for a review that people clear', async () => {
    expect(await me(left.own.key)).toBe('200')
    expect((await shown(left.own)).needs_review).toBe(true)
    expect((await shown(left.inherits)).needs_review).toBe(false)
    expect(
      (await eventsOf('key.needs_review')).map(({ key_id }: { key_id: string }) => key_id),
    ).toContain(left.own.id)
    const clear = (as: string, value: unknown) =>
      outcome(
        app.request('PATCH', `/api/api-keys/${left.own.id}`, { as, body: { needs_review: value } }),
      )
    expect(await clear(left.account.owner.jwt, true)).toBe('400 invalid_request')
    expect(await clear(left.ofOwner.key, false)).toBe('403 forbidden')
    expect(await clear(left.account.owner.jwt, false)).toBe('200')
    expect((await shown(left.own)).needs_review).toBe(false)
  })

  it('endpoints stay, and wait for a review', async () => {
    const path = `/api/webhook-endpoints/${left.endpointId}`
    const as = left.account.owner.jwt
    expect((await app.request('GET', path, { as })).body.data).toMatchObject({
      needs_review: true,
      is_active: true,
    })
    const cleared = await app.request('PATCH', path, { as, body: { needs_review: false } })
    expect(cleared.body.data.needs_review).toBe(false)
    expect(await eventsOf('webhook_endpoint.needs_review')).toHaveLength(1)
  })

  it('pending invitations are void, with an event', async () => {
    const body = { name: 'Too late', password: 'correct horse battery' }
    const accept = app.request('POST', `/api/invitations/${left.invitationId}/accept`, { body })
    expect(await outcome(accept)).toBe('409 conflict')
    const [event] = await eventsOf('invitation.canceled')
    expect(event).toMatchObject({ actor: { kind: 'system' }, detail: { role: 'admin' } })
  })
})

describe('a promotion', () => {
  it('leaves everything as it is', async () => {
    const account = await openAccount()
    const { key, id } = await makeKey(app, account.admin.jwt, { scopes: ['contacts:read'] })
    await sql(`UPDATE member SET role = 'owner' WHERE user_id = ?`, account.admin.id)
    const { body } = await app.request('GET', `/api/api-keys/${id}`, { as: account.owner.jwt })
    expect([body.data.needs_review, await me(key)]).toEqual([false, '200'])
  })
})

describe('the events of an invitation', () => {
  const events = async (accountId: string) => {
    const { results } = await env.DB.prepare(
      `SELECT action, actor_kind, actor_id, detail FROM audit_event WHERE account_id = ? ORDER BY rowid`,
    )
      .bind(accountId)
      .all<{ action: string; actor_kind: string; actor_id: string | null; detail: string }>()
    return results.map(({ detail, ...event }) => ({ ...event, detail: JSON.parse(detail ?? '{}') }))
  }

  it('name who makes, cancels and accepts it, and who joined by it', async () => {
    const { id: accountId, people } = await newAccount('owner', 'admin')
    const [owner, admin] = people
    const cookie = await signIn(owner?.email ?? '')
    const [cancelled, accepted] = [`${crypto.randomUUID()}@a.test`, `${crypto.randomUUID()}@a.test`]
    const body = { invitationId: await invite(cookie, cancelled, 'admin') }
    const byAdmin = { cookie: await signIn(admin?.email ?? ''), body }
    expect((await sendAs('/api/auth/organization/cancel-invitation', byAdmin)).status).toBe(200)
    const id = await invite(cookie, accepted)
    const person = { name: 'Bob', password: 'correct horse battery' }
    expect((await sendAs(`/api/invitations/${id}/accept`, { body: person })).status).toBe(201)
    const joined = await env.DB.prepare('SELECT id FROM user WHERE email = ?')
      .bind(accepted)
      .first<{ id: string }>()
    const trail = (await events(accountId)).filter(({ action }) =>
      /^invitation|member\.added/.test(action),
    )
    const own = trail.slice(-5)
    expect(own).toMatchObject([
      {
        action: 'invitation.created',
        actor_kind: 'person',
        actor_id: owner?.userId,
        detail: { email: cancelled, role: 'admin' },
      },
      {
        action: 'invitation.canceled',
        actor_kind: 'person',
        actor_id: admin?.userId,
        detail: { email: cancelled, role: 'admin' },
      },
      {
        action: 'invitation.created',
        actor_kind: 'person',
        actor_id: owner?.userId,
        detail: { email: accepted, role: 'member' },
      },
      {
        action: 'member.added',
        actor_kind: 'person',
        actor_id: joined?.id,
        detail: { role: 'member', invited_by: owner?.userId },
      },
      {
        action: 'invitation.accepted',
        actor_kind: 'person',
        actor_id: joined?.id,
        detail: { email: accepted, role: 'member' },
      },
    ])
  })
})

describe('more keys than one transaction marks', () => {
  const count = 2_500
  const marked = (accountId: string) =>
    env.DB.prepare(
      `SELECT count(*) AS keys, (SELECT count(*) FROM audit_event WHERE account_id = ?1
         AND action = 'key.needs_review') AS events
       FROM api_key WHERE account_id = ?1 AND needs_review = 1`,
    )
      .bind(accountId)
      .first()

  it('are marked by the reconciler, each once, but for those that were made or cleared since', async () => {
    const account = await openAccount()
    const insert = (prefix: string, number: number) =>
      sql(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, scopes, created_by,
           created_at) SELECT ?2 || i, ?2 || i, 1, ?3, 'Key', 'key', 'whm', 'a', '["contacts:read"]', ?4, i FROM n`,
        ...[number, prefix, account.id, account.admin.id],
      )
    await insert('early-', count)
    await sql(`UPDATE member SET role = 'member' WHERE user_id = ?`, account.admin.id)
    expect(await marked(account.id)).toEqual({ keys: 1_000, events: 1_000 })
    await sql(`UPDATE api_key SET needs_review = 0 WHERE id = 'early-1'`)
    await insert('late-', 3)
    await markForReview(env.DB, 700)
    expect(await marked(account.id)).toEqual({ keys: count - 1, events: count })
    const late = env.DB.prepare(
      "SELECT count(*) FROM api_key WHERE id LIKE 'late-%' AND needs_review",
    )
    expect(await late.first('count(*)')).toBe(0)
    expect(await env.DB.prepare('SELECT count(*) AS n FROM review_due').first('n')).toBe(0)
  })
})

// Keys without their own scopes follow the current role of their creator on each request. Triggers in D1
// guarantee it for every writer.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { groupOf } from '../../src/core/subject.ts'
import { type Account, type MadeKey, makeKey, openAccount, outcome } from '../support/account.ts'
import {
  addPerson,
  createSkippingClock,
  createTestApp,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

let app: TestApp
let elsewhere: TestApp
let account: Account
beforeAll(async () => {
  const clock = createSkippingClock()
  app = await createTestApp({ clock })
  elsewhere = await createTestApp({ clock })
  account = await openAccount()
})

/** Runs SQL as Better Auth does, then lets the leases expire, as they do before its response. */
async function sql(statement: string, ...values: unknown[]) {
  await env.DB.prepare(statement)
    .bind(...values)
    .run()
  await app.reconcile()
}

const setRole = (person: TestPerson, role: string) =>
  sql('UPDATE member SET role = ? WHERE id = ?', role, person.memberId)
const remove = (person: TestPerson) => sql('DELETE FROM member WHERE id = ?', person.memberId)

async function outcomeOf(key: string, method: string, path: string): Promise<string> {
  const here = await outcome(
    app.request(method, path, { key, ...(method === 'POST' && { body: {} }) }),
  )
  const there = elsewhere.request(method, path, { key, ...(method === 'POST' && { body: {} }) })
  expect(await outcome(there)).toBe(here)
  return here
}

/** Reads contacts, sends messages (a 400 of the CRM means that it passed), calls a path without a route. */
const powers = async (key: string) => [
  await outcomeOf(key, 'GET', '/api/contacts'),
  await outcomeOf(key, 'POST', '/api/messages'),
  await outcomeOf(key, 'GET', '/api/unlisted'),
]
const full = ['200', '400 invalid_request', '404 not_found']
const ofMember = ['200', '403 insufficient_scope', '403 forbidden']
const nothing = ['403 insufficient_scope', '403 insufficient_scope', '403 forbidden']

describe('a key that inherits', () => {
  let admin: TestPerson
  let key: MadeKey
  beforeEach(async () => {
    admin = await addPerson(account.id, 'admin')
    key = await makeKey(app, admin.jwt)
    expect(await powers(key.key)).toEqual(full)
  })

  it('loses and regains powers with the role of its creator', async () => {
    await setRole(admin, 'member')
    expect(await powers(key.key)).toEqual(ofMember)
    await setRole(admin, 'owner')
    expect(await powers(key.key)).toEqual(full)
    await setRole(admin, 'nonsense')
    expect(await powers(key.key)).toEqual(nothing)
  })

  it('shows its current inherited scopes at /api/v1/me', async () => {
    await setRole(admin, 'member')
    const { body } = await app.request('GET', '/api/v1/me', { key: key.key })
    expect(body.data.key.scopes).toEqual(['contacts:read', 'messages:read', 'conversations:read'])
  })

  it('has no scopes after its creator is removed, and still authenticates', async () => {
    await remove(admin)
    expect(await powers(key.key)).toEqual(nothing)
    const me = await app.request('GET', '/api/v1/me', { key: key.key })
    expect([me.status, me.body.data.key.scopes]).toEqual([200, []])
  })

  it('follows a creator who rejoins the account, with their new role', async () => {
    await remove(admin)
    expect(await powers(key.key)).toEqual(nothing)
    await sql(
      "INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'member', 1)",
      ...[crypto.randomUUID(), account.id, admin.id],
    )
    expect(await powers(key.key)).toEqual(ofMember)
  })

  it('has no scopes after the user of its creator is deleted', async () => {
    await sql('DELETE FROM user WHERE id = ?', admin.id)
    expect(await powers(key.key)).toEqual(nothing)
  })

  it('is not affected by a role of the same person in another account', async () => {
    const other = await openAccount('Globex')
    const there = crypto.randomUUID()
    const insert =
      'INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, 1)'
    await sql(insert, there, other.id, admin.id, 'owner')
    await setRole(admin, 'member')
    expect(await powers(key.key)).toEqual(ofMember)
    await sql('UPDATE member SET role = ? WHERE id = ?', 'admin', there)
    expect(await powers(key.key)).toEqual(ofMember)
  })

  it('shows the account’s new name after it is renamed', async () => {
    const fresh = await openAccount('Old name')
    const made = await makeKey(app, fresh.owner.jwt, { scopes: [] })
    const name = async () => {
      const { body } = await app.request('GET', '/api/v1/me', { key: made.key })
      return body.data.account.name
    }
    expect(await name()).toBe('Old name')
    await sql('UPDATE organization SET name = ? WHERE id = ?', 'New name', fresh.id)
    expect(await name()).toBe('New name')
  })
})

describe('a key with its own scopes', () => {
  it('keeps them whatever happens to its creator', async () => {
    const admin = await addPerson(account.id, 'admin')
    const { key } = await makeKey(app, admin.jwt, { scopes: ['messages:send'] })
    const own = ['403 insufficient_scope', '400 invalid_request', '403 forbidden']
    expect(await powers(key)).toEqual(own)
    await setRole(admin, 'member')
    expect(await powers(key)).toEqual(own)
    await remove(admin)
    expect(await powers(key)).toEqual(own)
  })

  it('has no access to a path without a route, even with every scope', async () => {
    const { body } = await app.request('GET', '/api/scopes', { as: account.owner.jwt })
    const scopes = body.data.map(({ scope }: { scope: string }) => scope)
    const { key } = await makeKey(app, account.owner.jwt, { scopes })
    for (const path of [
      '/api/unlisted',
      '/api',
      '/api/v1',
      '/api/contacts/x/y',
      '/api/v2/contacts',
    ]) {
      const answer = await app.request('GET', path, { key })
      expect([answer.status, answer.body.code], path).toEqual([403, 'forbidden'])
    }
    expect(await outcomeOf(key, 'DELETE', '/api/contacts')).toBe('403 forbidden')
  })
})

describe('the triggers', () => {
  type Row = Record<string, unknown>
  const rows = async (query: string, ...values: unknown[]) =>
    (
      await env.DB.prepare(query)
        .bind(...values)
        .all<Row>()
    ).results
  const stateOf = async (id: string) => {
    const [key] = await rows('SELECT seq FROM api_key WHERE id = ?', id)
    const [counter] = await rows('SELECT value FROM sequence')
    return { seq: key?.seq as number, counter: counter?.value as number }
  }
  const pending = () => rows('SELECT fence, subject, seq FROM pending_raise ORDER BY fence')
  const eventsOf = (person: TestPerson) =>
    rows('SELECT * FROM audit_event WHERE subject_id = ? ORDER BY rowid DESC', person.id)

  const changes: [string, string, (person: TestPerson) => [string, ...unknown[]]][] = [
    [
      'a change of role',
      'member.role_changed',
      ({ memberId }) => ["UPDATE member SET role = 'member' WHERE id = ?", memberId],
    ],
    [
      'a removal',
      'member.removed',
      ({ memberId }) => ['DELETE FROM member WHERE id = ?', memberId],
    ],
    ['the deletion of a user', 'member.removed', ({ id }) => ['DELETE FROM user WHERE id = ?', id]],
  ]

  it.each(changes)(
    '%s leaves one raise of the account’s group a fence and an event, and writes no key',
    async (_, action, change) => {
      await env.DB.batch([
        env.DB.prepare(
          "INSERT OR IGNORE INTO fence (name, region, seq) VALUES ('weur/0-of-1', 'weur', 1)",
        ),
        env.DB.prepare(
          "INSERT OR IGNORE INTO fence (name, region, seq) VALUES ('oc/0-of-1', 'oc', 1)",
        ),
      ])
      const person = await addPerson(account.id, 'admin')
      const inheriting = await makeKey(app, person.jwt)
      const scoped = await makeKey(app, person.jwt, { scopes: ['contacts:read'] })
      const others = await makeKey(app, account.owner.jwt)
      const all = [inheriting, scoped, others]
      const before = await Promise.all(all.map(({ id }) => stateOf(id)))
      await env.DB.prepare('DELETE FROM pending_raise').run()
      const [statement, ...values] = change(person)
      await env.DB.prepare(statement)
        .bind(...values)
        .run()
      const after = await Promise.all(all.map(({ id }) => stateOf(id)))
      const counter = after[0]?.counter as number
      expect(counter).toBeGreaterThan(before[0]?.counter as number)
      expect(after.map(({ seq }) => seq)).toEqual(before.map(({ seq }) => seq))
      const fences = (await rows('SELECT name FROM fence ORDER BY name')).map(({ name }) => name)
      expect(fences).toEqual(expect.arrayContaining(['oc/0-of-1', 'weur/0-of-1']))
      const raise = { subject: groupOf(account.id), seq: counter }
      expect(await pending()).toEqual(fences.map((fence) => ({ fence, ...raise })))
      expect(await rows('SELECT * FROM account_change')).toEqual([])
      const event = (await eventsOf(person)).find((each) => each.action === action)
      expect(event).toMatchObject({
        account_id: account.id,
        actor_kind: 'system',
        actor_id: null,
      })
      expect(event?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
      await env.DB.prepare("DELETE FROM fence WHERE name IN ('weur/0-of-1', 'oc/0-of-1')").run()
      await env.DB.prepare('DELETE FROM pending_raise').run()
    },
  )

  it('ignore an update that leaves the role unchanged', async () => {
    const person = await addPerson(account.id, 'admin')
    const { id } = await makeKey(app, person.jwt)
    const before = [await stateOf(id), (await eventsOf(person)).length]
    await env.DB.prepare("UPDATE member SET role = 'admin' WHERE id = ?")
      .bind(person.memberId)
      .run()
    expect([await stateOf(id), (await eventsOf(person)).length]).toEqual(before)
  })

  it('name the person who claimed the change, once', async () => {
    const person = await addPerson(account.id, 'admin')
    await env.DB.prepare('INSERT INTO member_intent (member_id, actor_id, at) VALUES (?, ?, 1)')
      .bind(person.memberId, account.owner.id)
      .run()
    await env.DB.prepare("UPDATE member SET role = 'member' WHERE id = ?")
      .bind(person.memberId)
      .run()
    await env.DB.prepare("UPDATE member SET role = 'admin' WHERE id = ?")
      .bind(person.memberId)
      .run()
    const [second, first] = await eventsOf(person)
    expect(first).toMatchObject({ actor_kind: 'person', actor_id: account.owner.id })
    expect(second).toMatchObject({ actor_kind: 'system', actor_id: null })
    const { body } = await app.request('GET', '/api/audit-events?action=member.role_changed', {
      as: account.owner.jwt,
    })
    expect(body.data[0]).toMatchObject({
      subject_id: person.id,
      detail: { from: 'member', to: 'admin' },
    })
  })

  it('refuse every update or deletion of an audit event and every deletion of a key', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    const refused = [
      "UPDATE audit_event SET action = 'nothing'",
      'UPDATE audit_event SET detail = NULL WHERE key_id IS NOT NULL',
      'DELETE FROM audit_event',
      'DELETE FROM api_key',
      `DELETE FROM api_key WHERE id = '${id}'`,
    ]
    for (const statement of refused) {
      await expect(env.DB.prepare(statement).run(), statement).rejects.toThrow(
        /never (updated|deleted)/,
      )
    }
    const [{ n } = { n: 0 }] = await rows(
      'SELECT count(*) AS n FROM audit_event WHERE key_id = ?',
      id,
    )
    expect(n).toBe(1)
  })

  it('cannot be bypassed by REPLACE', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    const before = await rows('SELECT * FROM audit_event WHERE key_id = ?', id)
    const replace = `INSERT OR REPLACE INTO audit_event SELECT id, account_id, 'nothing', actor_kind, actor_id, key_id,
      subject_id, detail, request_id, created_at FROM audit_event WHERE key_id = ?`
    await env.DB.prepare(replace)
      .bind(id)
      .run()
      .catch(() => {})
    expect(await rows('SELECT * FROM audit_event WHERE key_id = ?', id)).toEqual(before)
    const takeOver = `INSERT OR REPLACE INTO member (id, organization_id, user_id, role, created_at)
      SELECT id, organization_id, user_id, 'member', created_at FROM member WHERE id = ?`
    const admin = await addPerson(account.id, 'admin')
    const { key } = await makeKey(app, admin.jwt)
    expect(await powers(key)).toEqual(full)
    await sql(takeOver, admin.memberId)
    expect(await powers(key)).toEqual(ofMember)
  })
})

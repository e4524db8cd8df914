// Events of people in the audit trails of their accounts.
import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { personActions, personClient } from '../../src/core/person-event.ts'
import { openPrimary } from '../../src/storage/database.ts'
import { insertPersonEvent } from '../../src/storage/person-audit.ts'
import {
  addPerson,
  createAccount,
  createTestApp,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

let app: TestApp
let accounts: string[]
let person: TestPerson
beforeAll(async () => {
  app = await createTestApp()
  accounts = [await createAccount('One'), await createAccount('Two')]
  person = await addPerson(accounts[0] ?? '', 'member')
  await addPerson(accounts[0] ?? '', 'member')
  await env.DB.prepare(
    `INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'admin', 1)`,
  )
    .bind(crypto.randomUUID(), accounts[1], person.id)
    .run()
})

const client = { address: '203.0.113.0/24', browser: 'A browser' }
const event = (action: 'factor.enrolled' | 'factor.removed') => ({
  ...{ userId: person.id, action, client, detail: { name: 'Phone' } },
  ...{ requestId: crypto.randomUUID(), nowMs: Date.now() },
})

const eventsOf = async (action: string) => {
  const { results } = await env.DB.prepare(
    'SELECT * FROM audit_event WHERE action = ? ORDER BY account_id',
  )
    .bind(action)
    .all()
  return results
}

it('an event stands in every account of the person, and in no other', async () => {
  await createAccount('Another')
  await openPrimary(env.DB).run(insertPersonEvent(event('factor.enrolled')))
  const found = await eventsOf('factor.enrolled')
  expect(found.map(({ account_id }) => account_id)).toEqual([...accounts].sort())
  for (const each of found) {
    expect(each).toMatchObject({ actor_kind: 'person', actor_id: person.id, subject_id: person.id })
    expect(JSON.parse(String(each.detail))).toEqual({ name: 'Phone', ...client })
  }
  expect(new Set(found.map(({ id }) => id)).size).toBe(2)
  const { body } = await app.request('GET', '/api/audit-events?action=factor.enrolled', {
    as: person.jwt,
  })
  expect(body.data[0]).toMatchObject({ subject_id: person.id, actor: { id: person.id } })
})

it('an event is inserted only where its condition holds, and names another actor', async () => {
  const actor = { kind: 'system', id: null } as const
  const none = insertPersonEvent({ ...event('factor.removed'), actor }, sql`0`)
  const one = insertPersonEvent({ ...event('factor.removed'), actor }, sql`role = 'admin'`)
  await openPrimary(env.DB).run(none)
  expect(await eventsOf('factor.removed')).toEqual([])
  await openPrimary(env.DB).run(one)
  expect(await eventsOf('factor.removed')).toMatchObject([
    { account_id: accounts[1], actor_kind: 'system', actor_id: null, subject_id: person.id },
  ])
})

it('no webhook receives an event of a person', async () => {
  await env.DB.prepare(
    `INSERT INTO webhook_endpoint (id, account_id, url, sealed_secret, created_by, created_at)
     VALUES (?, ?, 'https://hooks.example.test/', '', ?, 1)`,
  )
    .bind(crypto.randomUUID(), accounts[0], person.id)
    .run()
  for (const action of personActions) {
    await openPrimary(env.DB).run(insertPersonEvent({ ...event('factor.enrolled'), action }))
  }
  const query = env.DB.prepare('SELECT count(*) AS n FROM webhook_event WHERE account_id = ?')
  expect(await query.bind(accounts[0]).first('n')).toBe(0)
  expect((await eventsOf('person.signed_in')).length).toBe(2)
})

describe('from where a person acts', () => {
  const clientOf = (init: Record<string, string>) => personClient(new Headers(init))

  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2::3', '2001:db8:1::/48'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['no address', null],
  ])('the address %s is kept as %s', (ip, address) => {
    expect(clientOf({ 'cf-connecting-ip': ip }).address).toBe(address)
  })

  it('the browser is cut to 200 characters, and is null without one', () => {
    expect(clientOf({ 'user-agent': 'b'.repeat(300) }).browser).toBe('b'.repeat(200))
    expect(clientOf({})).toEqual({ address: null, browser: null })
  })
})

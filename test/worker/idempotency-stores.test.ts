// Requests that are executed once although their change is in a store other than the row, or replaces another.
import { env } from 'cloudflare:workers'
import { afterAll, expect, it, vi } from 'vitest'
import { makeKey, openAccount, outcome } from '../support/account.ts'
import { losingAnswers } from '../support/lost-answers.ts'
import { senderFor } from '../support/retried-routes.ts'
import { createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})
afterAll(() => vi.restoreAllMocks())

const bindings = { SIGN_IN_PER_MINUTE: '100000' as never }
const app = await createTestApp({ bindings })

it('credits are not added again when the key has another balance at the repeat', async () => {
  const { owner } = await openAccount()
  const credits = { remaining: 10 }
  const { id } = await makeKey(app, owner.jwt, { credits, external_id: 'customer-1' })
  const add = (at = app) =>
    at.request('POST', `/api/api-keys/${id}/credits`, {
      as: owner.jwt,
      body: { add: 5 },
      headers: { 'idempotency-key': 'order' },
    })
  // The credits are in the meter, and the answer to the audit event is lost.
  const DB = losingAnswers((sql) => /insert into "?audit_event/i.test(sql))
  const lost = await createTestApp({ bindings: { ...bindings, DB }, clock: app.clock })
  expect(await outcome(add(lost))).toBe('503 authority_unavailable')
  const shared = { limits_by: 'external_id', credits: { remaining: 100 } }
  const path = `/api/api-keys/${id}`
  expect((await app.request('PATCH', path, { as: owner.jwt, body: shared })).status).toBe(200)
  const repeat = await add()
  expect(repeat.body.data).toMatchObject({ repeated: true, credits: { remaining: 100 } })
})

it('two people who invite an address at once leave one pending invitation', async () => {
  const account = await openAccount()
  const email = `${crypto.randomUUID()}@example.test`
  const request = {
    path: '/api/auth/organization/invite-member',
    body: { email, role: 'member', organizationId: account.id },
  }
  const senders = [account.owner, account.admin].map((person) => senderFor(app, account, person))
  const answers = await Promise.all(
    [0, 1, 2, 3, 4, 5].map((at) => senders[at % 2]?.(request, `key ${at}`)),
  )
  expect(answers.map((answer) => answer?.status)).toEqual(Array(6).fill(200))
  const { results } = await env.DB.prepare('SELECT status FROM invitation WHERE email = ?')
    .bind(email)
    .all<{ status: string }>()
  const statuses = results.map(({ status }) => status)
  expect(statuses.filter((status) => status === 'pending')).toHaveLength(1)
  expect(statuses).toHaveLength(6)
  const ended = await env.DB.prepare(
    `SELECT actor_kind FROM audit_event WHERE account_id = ? AND action = 'invitation.canceled'`,
  )
    .bind(account.id)
    .all<{ actor_kind: string }>()
  expect(ended.results.map(({ actor_kind }) => actor_kind)).toEqual(Array(5).fill('person'))
})

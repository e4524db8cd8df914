// What an event changed, in words, from the API's answer to the dashboard; the span of the log, and its file.
import { beforeAll, expect, it } from 'vitest'
import type { AuditEvent } from '../../src/dashboard/audit/api.ts'
import { changeText, eventChanges } from '../../src/dashboard/audit/event-changes.ts'
import { eventColumns } from '../../src/dashboard/audit/event-columns.ts'
import { fieldOf, timeIn, timeOf } from '../../src/dashboard/audit/time-range.ts'
import { csvLine } from '../../src/dashboard/ui/csv.ts'
import { exactTime } from '../../src/dashboard/ui/exact-time.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
})

/** Of the newest event of an action. */
async function textsOf(action: string, query = ''): Promise<string[]> {
  const path = `/api/audit-events?action=${action}&limit=1${query}`
  const { body } = await app.request('GET', path, { as: account.owner.jwt })
  return eventChanges(body.data[0] as AuditEvent).map(changeText)
}

it('a changed key tells each field as it was and as it is since', async () => {
  const as = account.owner.jwt
  const key = await makeKey(app, as, {
    name: 'CI',
    scopes: ['contacts:read'],
    rate_limit: [{ limit: 1_000, window_seconds: 60 }],
  })
  const changed = async (body: Record<string, unknown>) => {
    const answer = await app.request('PATCH', `/api/api-keys/${key.id}`, { as, body })
    expect(answer.status, answer.text).toBe(200)
    return textsOf('key.updated', `&key_id=${key.id}`)
  }
  const expires_at = '2099-12-31T23:59:59.000Z'
  const first = { name: 'CI, new', expires_at, scopes: ['contacts:read', 'messages:send'] }
  expect(await changed(first)).toEqual([
    'Name: CI → CI, new',
    'Scopes: contacts:read → contacts:read, messages:send',
    `Expires: Never → ${exactTime(expires_at)}`,
  ])
  const limits = { allowed_ips: ['203.0.113.0/24'], external_id: 'c-7', metadata: { plan: 'pro' } }
  expect(await changed(limits)).toEqual([
    'Allowed IP addresses: All → 203.0.113.0/24',
    'External ID: None → c-7',
    'Metadata: None → {"plan":"pro"}',
  ])
  const credits = { remaining: 500, refill: { interval: 'monthly', amount: 900, day: 3 } }
  const rate_limit = [{ limit: 5, window_seconds: 120 }]
  expect(await changed({ rate_limit, credits, limits_by: 'external_id' })).toEqual([
    'Rate limits: 1,000 per minute → 5 per 2 minutes',
    'Limits are shared: No → By the external ID',
    'Credits: Unlimited → Set to 500. Refilled to 900 on day 3 of every month',
  ])
  expect(await changed({ is_active: false, scopes: null })).toEqual([
    'Scopes: contacts:read, messages:send → Inherited',
    'Enabled: Yes → No',
  ])
})

it('a changed webhook endpoint tells each field as it was and as it is since', async () => {
  const as = account.owner.jwt
  const base = '/api/webhook-endpoints'
  const made = await app.request('POST', base, { as, body: { url: 'https://example.com/a' } })
  expect(made.status, made.text).toBe(201)
  const body = { url: 'https://example.com/b', events: ['key.revoked'], is_active: false }
  await app.request('PATCH', `${base}/${made.body.data.id}`, { as, body })
  expect(await textsOf('webhook_endpoint.updated')).toEqual([
    'URL: https://example.com/a → https://example.com/b',
    'Events: All → key.revoked',
    'Enabled: Yes → No',
  ])
})

it('events of earlier versions, and of the database, tell what they hold', () => {
  const texts = (action: string, detail: NonNullable<AuditEvent['detail']>) =>
    eventChanges({ action, detail }).map(changeText)
  expect(texts('key.updated', { changed: { name: 'New', expiresAt: null } })).toEqual([
    'Name: now New',
    'Expires: now Never',
  ])
  expect(texts('key.updated', { changed: { disabled: true }, reason: 'grantor_left' })).toEqual([
    'Enabled: Yes → No',
  ])
  expect(texts('key.updated', { changed: { later: { a: 1 } }, before: { later: null } })).toEqual([
    'later: None → {"a":1}',
  ])
  expect(texts('member.role_changed', { from: 'member', to: 'owner' })).toEqual([
    'Role: Member → Owner',
  ])
  const quotas = { quotas: { keys: null }, before: { keys: 5_000, members: 10 } }
  expect(texts('account.quotas_changed', quotas)).toEqual([
    'API keys: 5,000 → As for every account',
  ])
})

it('a span is of times, whoever wrote the address, and to the minute in its fields', () => {
  const params = new URLSearchParams({ from: '2026-11-29T14:00:00+02:00', to: 'yesterday' })
  expect([timeIn(params, 'from'), timeIn(params, 'to')]).toEqual(['2026-11-29T12:00:00.000Z', null])
  expect(timeOf(fieldOf('2026-11-29T12:07:59.000Z'))).toBe('2026-11-29T12:07:00.000Z')
  expect([fieldOf(null), timeOf('')]).toEqual(['', null])
})

it('a cell is neither cut by its characters nor run as a formula', () => {
  expect(csvLine(['a', 'say "hi", twice\nor more', null])).toBe(
    '"a","say ""hi"", twice\nor more",""\r\n',
  )
  const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1']
  expect(csvLine(formulas)).toBe(`${formulas.map((text) => `"'${text}"`).join(',')}\r\n`)
})

it('a line of the file holds the words and the detail of its event', () => {
  const event = {
    id: '1',
    action: 'account.renamed',
    detail: { from: 'Acme', to: 'Acme Inc' },
    actor: { kind: 'person', id: 'p', name: 'Ada' },
  } as unknown as AuditEvent
  expect(eventColumns.event?.(event)).toBe('Account renamed')
  expect(eventColumns.changes?.(event)).toBe('Name: Acme → Acme Inc')
  expect(eventColumns.detail?.(event)).toBe('{"from":"Acme","to":"Acme Inc"}')
})

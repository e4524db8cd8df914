// What the dashboard calls verdicts and audit events.
import { expect, it } from 'vitest'
import { personActions } from '../../src/core/person-event.ts'
import { actionName, eventDetails } from '../../src/dashboard/audit/event-text.ts'
import { signedInWithText } from '../../src/dashboard/session/signed-in-with.ts'
import { verdictCounts } from '../../src/dashboard/usage/verdicts.ts'
import type { UsageCode } from '../../src/usage/counter.ts'

/** The codes of requests with a known key: a code without an entry is a type error. */
const counts: Record<UsageCode, number> = {
  valid: 1,
  revoked_api_key: 2,
  disabled_api_key: 3,
  expired_api_key: 4,
  wrong_environment: 5,
  ip_not_allowed: 6,
  insufficient_scope: 7,
  rate_limited: 8,
  credits_exhausted: 9,
  conflict: 10,
  forbidden: 11,
  invalid_request: 12,
  authority_unavailable: 13,
  account_suspended: 14,
}

it('every verdict that usage counts has a name and a colour of its own', () => {
  const shown = verdictCounts(counts)
  expect(shown.map(({ count }) => count)).toEqual([1, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
  for (const { code, name } of shown) expect(name).not.toBe(code)
  expect(shown.find(({ code }) => code === 'wrong_environment')?.name).toBe('Wrong environment')
  expect(new Set(shown.map(({ color }) => color)).size).toBe(shown.length)
  expect(verdictCounts({ new_code: 1 })[0]?.name).toBe('new_code')
})

it('a created key is described by what it holds, and whether it is disabled', () => {
  const text = (detail: Record<string, unknown>) =>
    eventDetails({
      ...{ id: '1', action: 'key.created', detail, key_id: null, subject_id: null },
      ...{ created_at: '2026-11-28T12:00:00.000Z', request_id: null },
    } as Parameters<typeof eventDetails>[0])
  expect(text({ scopes: ['contacts:read#42', 'messages:*'] })).toBe('contacts:read#42, messages:*')
  expect(text({ scopes: [], disabled: true })).toBe('No scopes; disabled')
  expect(text({ scopes: null })).toBe('Inherits its creator’s permissions')
})

it('every event of a person has a name of its own, and tells with what, from where and in which browser', () => {
  const names = personActions.map(actionName)
  expect(new Set([...names, ...personActions]).size).toBe(2 * personActions.length)
  const detail = { method: 'password', address: '203.0.113.0/24', browser: 'Firefox' }
  for (const action of personActions) {
    const text = eventDetails({ action, detail } as unknown as Parameters<typeof eventDetails>[0])
    expect(text).toBe('Password · 203.0.113.0/24 · Firefox')
  }
})

it('factors, the origin of a reset link and browsers are told in words', () => {
  const text = (action: string, detail: Record<string, unknown>) =>
    eventDetails({ action, detail } as unknown as Parameters<typeof eventDetails>[0])
  const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
  expect(text('person.signed_in', { method: 'password+totp', browser })).toBe(
    'Password and authenticator app · Firefox on Linux',
  )
  expect(text('person.stepped_up', { with: 'passkey' })).toBe('Passkey')
  expect(text('factor.enrolled', { factor: 'passkey', name: 'Laptop' })).toBe('Passkey · Laptop')
  expect(text('reset_link.created', { origin: 'owner' })).toBe('To be handed over by an owner')
  expect(text('reset_link.created', { origin: 'pigeon' })).toBe('pigeon')
  const requirement = 'account.factor_requirement_changed'
  expect(text(requirement, { require_factor: true })).toBe('Now required')
  expect(text(requirement, { require_factor: false })).toBe('No longer required')
})

it('how a session was signed in is told in words, also of a provider that this page does not know', () => {
  const texts = ['password', 'password+recovery_code', 'oidc:northwind', 'github+passkey']
  expect(texts.map(signedInWithText)).toEqual([
    'password',
    'password and recovery code',
    'northwind',
    'GitHub and passkey',
  ])
})

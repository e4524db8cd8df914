// What the platform's form of an account changes, how full a quota is shown, and what people of the account see of both.
import { expect, it } from 'vitest'
import { shownStatus } from '../../src/dashboard/keys/shown-status.ts'
import { accountChanges, quotaErrors } from '../../src/dashboard/platform/account-changes.ts'
import { quotaText } from '../../src/dashboard/session/quota-text.ts'
import { shareOf } from '../../src/dashboard/ui/share-of.ts'

const quotas = { keys: 100_000, members: 1_000, endpoints: 20, changes_per_minute: 600 }
const before = { name: 'Globex', quotas }
const typed: Record<string, string> = {
  name: 'Globex',
  keys: '100000',
  members: '1000',
  endpoints: '20',
  changes_per_minute: '600',
}
const fields = (changed: Record<string, string>) => (name: string) =>
  ({ ...typed, ...changed })[name] ?? ''

it('only what differs is sent', () => {
  expect(accountChanges(before, fields({}))).toEqual({})
  expect(accountChanges(before, fields({ name: 'Globex AG' }))).toEqual({ name: 'Globex AG' })
  expect(accountChanges(before, fields({ keys: '5', endpoints: '0' }))).toEqual({
    quotas: { keys: 5, endpoints: 0 },
  })
})

it('an empty quota sets the default', () => {
  expect(accountChanges(before, fields({ members: '' }))).toEqual({ quotas: { members: null } })
})

it('the platform has no quotas to change', () => {
  const platform = { name: 'Acme Inc', quotas: null }
  expect(accountChanges(platform, (name) => (name === 'name' ? 'Acme' : ''))).toEqual({
    name: 'Acme',
  })
})

it('what is no whole number is refused before it is sent', () => {
  expect(quotaErrors(fields({}))).toEqual({})
  expect(quotaErrors(fields({ keys: '' }))).toEqual({})
  for (const wrong of ['-1', '1.5', '1e3', 'ten', '10000000000', '1 000']) {
    expect(Object.keys(quotaErrors(fields({ keys: wrong }))), wrong).toEqual(['keys'])
  }
})

it('a quota below what there is already is full', () => {
  expect(shareOf(0, 20)).toBe(0)
  expect(shareOf(5, 20)).toBe(25)
  expect(shareOf(30, 20)).toBe(100)
  expect(shareOf(0, 0)).toBe(100)
})

it('a quota is spoken of from nine tenths on, and says when nothing more fits', () => {
  const used = (keys: number, max = 1_000) =>
    quotaText('keys', {
      counts: { keys, members: 0, endpoints: 0 },
      quotas: { ...quotas, keys: max },
    })
  expect(used(899)).toBeNull()
  expect(used(900)).toEqual({
    title: '900 of 1,000 API keys',
    description:
      'At 1,000, no more keys can be created. Revoke keys that are no longer needed, or ask the operator of this Latchkey for a higher quota.',
  })
  for (const keys of [1_000, 1_200]) {
    expect(used(keys)?.description).toMatch(/^No more keys can be created\. Revoke/)
  }
  expect(used(0, 0)?.title).toBe('0 of 0 API keys')
  const counts = { keys: 9, members: 950, endpoints: 20 }
  expect(quotaText('keys', { counts, quotas })).toBeNull()
  expect(quotaText('members', { counts, quotas })?.title).toBe('950 of 1,000 members')
  expect(quotaText('endpoints', { counts, quotas })?.title).toBe('20 of 20 webhook endpoints')
  expect(quotaText('endpoints', { counts, quotas: null })).toBeNull()
})

type Shown = Parameters<typeof shownStatus>[0]

it('no key of a suspended or closing account is shown as active', () => {
  const open = { suspended_at: null, closes_at: null }
  const time = '2027-01-01T00:00:00.000Z'
  const suspended = { suspended_at: time, closes_at: time }
  const closing = { suspended_at: null, closes_at: time }
  const now = Date.parse(time)
  const shown = (status: Shown['status'], more: Partial<Shown> = {}) =>
    [open, suspended, closing].map((standing) =>
      shownStatus({ status, expires_at: null, replaced_by: null, ...more }, standing, now),
    )
  // Since it was read, its time may have come.
  expect(shown('active', { expires_at: time })).toEqual(['expired', 'expired', 'expired'])
  const later = new Date(now + 1).toISOString()
  expect(shown('active', { expires_at: later })).toEqual(['active', 'suspended', 'stopped'])
  expect(shown('active', { replaced_by: 'successor' })[0]).toBe('rotated')
  expect(shown('active')).toEqual(['active', 'suspended', 'stopped'])
  for (const status of ['revoked', 'disabled', 'expired'] as const) {
    expect(shown(status)).toEqual([status, status, status])
  }
})

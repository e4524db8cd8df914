// What two people changed of one thing at the same time.
import { expect, it } from 'vitest'
import type { AuditEvent } from '../../src/dashboard/audit/api.ts'
import type { Key } from '../../src/dashboard/keys/api.ts'
import { changedBy, compareVersions } from '../../src/dashboard/keys/key-versions.ts'
import { endpointChanges } from '../../src/dashboard/webhooks/endpoint-changes.ts'

const before = {
  name: 'CI',
  is_active: true,
  expires_at: null,
  scopes: ['contacts:read'],
  allowed_ips: null,
  external_id: null,
  rate_limit: null,
  credits: null,
  limits_by: 'key',
  metadata: null,
  may_grant: null,
} as unknown as Key

it('rows are of what either changed, beside what was there', () => {
  const now: Key = { ...before, allowed_ips: ['203.0.113.7'], is_active: false }
  expect(compareVersions(before, now, { name: 'CI, new' })).toEqual([
    { name: 'Name', field: 'name', before: 'CI', theirs: null, mine: 'CI, new' },
    { name: 'Enabled', field: 'disabled', before: 'Yes', theirs: 'No', mine: null },
    {
      name: 'Allowed IP addresses',
      field: 'allowedIps',
      before: 'All',
      theirs: '203.0.113.7',
      mine: null,
    },
  ])
})

it('a field that both changed shows both', () => {
  const now: Key = { ...before, scopes: [] }
  expect(compareVersions(before, now, { scopes: null })).toEqual([
    { name: 'Scopes', field: 'scopes', before: 'contacts:read', theirs: 'None', mine: 'Inherited' },
  ])
})

it('limits and credits are in words', () => {
  const now = {
    ...before,
    rate_limit: [{ name: '60s', limit: 1_000, window_seconds: 60 }],
    credits: { remaining: 5, refill: { interval: 'monthly', amount: 500, day: 3 } },
    limits_by: 'external_id',
  } as unknown as Key
  const texts = compareVersions(before, now, {}).map(({ theirs }) => theirs)
  expect(texts).toEqual([
    '1,000 per minute',
    'Refilled to 500 on day 3 of every month',
    'By the external ID',
  ])
})

it('who changed a field is in the newest event that names it', () => {
  const event = (id: string, action: string, changed?: object) =>
    ({ id, action, detail: changed ? { changed } : null }) as unknown as AuditEvent
  const events = [
    event('4', 'key.rotated'),
    event('3', 'key.updated', { name: 'b' }),
    event('2', 'key.updated', { name: 'a', allowedIps: [] }),
    event('1', 'key.created', { name: 'CI' }),
  ]
  expect(changedBy('name', events)?.id).toBe('3')
  expect(changedBy('allowedIps', events)?.id).toBe('2')
  expect(changedBy('scopes', events)).toBeUndefined()
})

it('the form of an endpoint sends what differs, whatever the order of its events', () => {
  const endpoint = {
    url: 'https://example.com/',
    description: null,
    events: ['key.created', 'key.revoked'],
  }
  const same = { ...endpoint, events: ['key.revoked', 'key.created'] } as typeof endpoint
  expect(endpointChanges(endpoint as never, same as never)).toEqual({})
  const changed = { ...same, description: 'CRM' }
  expect(endpointChanges(endpoint as never, changed as never)).toEqual({ description: 'CRM' })
  expect(endpointChanges(endpoint as never, { ...same, events: null } as never)).toEqual({
    events: null,
  })
})

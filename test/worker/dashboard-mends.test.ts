// What the dashboard says mends a refusal, and the change of the key that its link fills in.
import { expect, it } from 'vitest'
import type { Key } from '../../src/dashboard/keys/api.ts'
import { fillIn } from '../../src/dashboard/keys/filled-edit.ts'
import { changesOf, draftOfKey } from '../../src/dashboard/keys/key-draft.ts'
import type { Explanation } from '../../src/dashboard/usage/explain.ts'
import {
  editOfParams,
  openingOfParams,
  pathOfChange,
} from '../../src/dashboard/usage/key-change.ts'
import { mendOf, mendOfCheck, type Outcome } from '../../src/dashboard/usage/mend.ts'
import type { UsageCode } from '../../src/usage/counter.ts'

const nothing = { scopes: [], address: null, environments: null }
const facts = {
  scopes: ['contacts:write'],
  address: '203.0.113.0/24',
  environments: ['live'],
}

/** By code, the path of its change, from what is known and from nothing. Another code of the API is a type error here. */
const paths: Record<Outcome | UsageCode, [known: string | null, unknown: string | null]> = {
  valid: [null, null],
  insufficient_scope: ['/keys/ID/edit?add_scope=contacts%3Awrite', null],
  ip_not_allowed: ['/keys/ID/edit?allow=203.0.113.0%2F24', null],
  expired_api_key: ['/keys/ID/edit?expires=90', '/keys/ID/edit?expires=90'],
  disabled_api_key: ['/keys/ID?open=enable', '/keys/ID?open=enable'],
  revoked_api_key: ['/keys/new', '/keys/new'],
  wrong_environment: ['/keys?environment=live', null],
  rate_limited: ['/keys/ID/edit?limits_times=2', '/keys/ID/edit?limits_times=2'],
  credits_exhausted: ['/keys/ID?open=add-credits', '/keys/ID?open=add-credits'],
  account_suspended: [null, null],
  conflict: [null, null],
  forbidden: [null, null],
  invalid_request: [null, null],
  not_found: [null, null],
  invalid_api_key: [null, null],
  authority_unavailable: [null, null],
}

const pathOf = (code: string, known: typeof facts | typeof nothing) => {
  const change = mendOf(code, known)?.change ?? null
  return change && pathOfChange(change, 'ID')
}

it('every code has its words and, where a change of the key mends it, its change', () => {
  for (const [code, expected] of Object.entries(paths)) {
    expect([pathOf(code, facts), pathOf(code, nothing)], code).toEqual(expected)
    for (const known of [facts, nothing]) {
      const mend = mendOf(code, known)
      expect(mend === null, code).toBe(code === 'valid')
      // A button is no sentence; advice is one.
      if (mend) expect(/\.$/.test(mend.text), `${code}: ${mend.text}`).toBe(mend.change === null)
    }
  }
  expect(mendOf('of_later', facts)).toBeNull()
  expect(mendOf('constructor', facts)).toBeNull()
})

it('says that the log holds a network, and allows a whole address where it is known', () => {
  expect(mendOf('ip_not_allowed', facts)?.note).toContain('network')
  const whole = mendOf('ip_not_allowed', { ...facts, address: '203.0.113.7' })
  expect(whole).toMatchObject({ text: 'Allow 203.0.113.7' })
  expect(whole).not.toHaveProperty('note')
  expect(mendOf('insufficient_scope', facts)?.text).toBe('Add contacts:write')
})

it('a change of a key that is not known has no path', () => {
  expect(pathOfChange({ edit: { days: 90 } }, null)).toBeNull()
  expect(pathOfChange({ open: 'enable' }, null)).toBeNull()
  expect(pathOfChange({ go: '/keys/new' }, null)).toBe('/keys/new')
})

it('an address says a change as the link wrote it, and nothing else is one', () => {
  const edit = { scopes: ['a:b', 'c:d#1'], addresses: ['2001:db8::/48'], days: 90, times: 2 }
  const path = pathOfChange({ edit }, 'ID') ?? ''
  expect(editOfParams(new URL(path, 'https://latchkey.test').searchParams)).toEqual(edit)
  for (const other of ['', 'add_scope=', 'expires=-1', 'expires=1e9', 'limits_times=0', 'x=1']) {
    expect(editOfParams(new URLSearchParams(other)), other).toBeNull()
  }
  expect(openingOfParams(new URLSearchParams('open=enable'))).toBe('enable')
  expect(openingOfParams(new URLSearchParams('open=revoke'))).toBeNull()
})

const key: Key = {
  id: '0b0c8a52-4a8e-4d0c-9a55-6a1d0f6f6a01',
  name: 'CRM integration',
  format: 'whm',
  environment: 'live',
  key_prefix: '3f9a0c7e',
  status: 'active',
  is_active: true,
  scopes: ['contacts:read', 'messages:read#1'],
  allowed_ips: ['198.51.100.7'],
  external_id: null,
  metadata: null,
  rate_limit: [{ name: '60s', limit: 100, window_seconds: 60 }],
  credits: null,
  limits_by: 'key',
  may_grant: null,
  made_by: null,
  needs_review: false,
  created_at: '2026-11-01T00:00:00.000Z',
  created_by: null,
  created_by_name: null,
  expires_at: '2026-11-20T00:00:00.000Z',
  last_used_at: null,
  revoked_at: null,
  revoked_by: null,
  replaced_by: null,
}

const now = Date.parse('2026-11-28T12:00:00Z')
const none = { scopes: [], addresses: [], days: null, times: null }

/** What saving the filled form would send. */
function filled(edit: Partial<Parameters<typeof fillIn>[1]>, of: Key = key) {
  const { draft, reasons } = fillIn(draftOfKey(of), { ...none, ...edit }, of)
  return { changes: changesOf(draft, now, { before: of, isOwner: true }), reasons }
}

it('a filled form sends the proposed change and nothing else', () => {
  expect(filled({ scopes: ['contacts:write'] }).changes).toEqual({
    scopes: ['contacts:read', 'messages:read#1', 'contacts:write'],
  })
  expect(filled({ scopes: ['messages:read#2'] }).changes).toEqual({
    scopes: ['contacts:read', 'messages:read#1', 'messages:read#2'],
  })
  expect(filled({ scopes: ['messages:read'] }).changes).toEqual({
    scopes: ['contacts:read', 'messages:read'],
  })
  expect(filled({ scopes: ['contacts:write'] }, { ...key, scopes: [] }).changes).toEqual({
    scopes: ['contacts:write'],
  })
  expect(filled({ addresses: ['203.0.113.0/24'] }).changes).toEqual({
    allowed_ips: ['198.51.100.7', '203.0.113.0/24'],
  })
  expect(filled({ days: 90 }).changes).toEqual({ expires_at: '2027-02-26T12:00:00.000Z' })
  expect(filled({ times: 2 }).changes).toEqual({
    rate_limit: [{ limit: 200, window_seconds: 60 }],
  })
})

it('says why a change would do nothing, in the place of filling it in', () => {
  const cases: [Parameters<typeof filled>[0], Partial<Key>, RegExp][] = [
    [{ scopes: ['contacts:read'] }, {}, /holds contacts:read already/],
    [{ scopes: ['contacts:write'] }, { scopes: null }, /follows the role of its creator/],
    [{ addresses: ['198.51.100.7'] }, {}, /may be used from 198.51.100.7 already/],
    [{ addresses: ['203.0.113.0/24'] }, { allowed_ips: null }, /from every address/],
    [{ days: 90 }, { expires_at: null }, /never expires/],
    [{ days: 90 }, { replaced_by: key.id }, /was replaced/],
    [{ days: 5_000 }, {}, /cannot be extended by 5000 days/],
    [{ times: 2 }, { rate_limit: null }, /no rate limit/],
  ]
  for (const [edit, part, reason] of cases) {
    const { changes, reasons } = filled(edit, { ...key, ...part })
    expect(changes).toEqual({})
    expect(reasons.join()).toMatch(reason)
  }
})

const explanation = {
  needed: { scopes: ['contacts:read#42', 'contacts:write'], any_of: null, environments: ['live'] },
  scopes: ['contacts:write'],
  resources: ['contacts:read#41'],
} as unknown as Explanation

it('a check that fails proposes what is missing, no more; one that does not apply nothing', () => {
  const check = { check: 'scope', passed: false, code: 'insufficient_scope' } as const
  const failing = { ...check, detail: '', remedy: null }
  expect(mendOfCheck(failing, explanation, null)?.text).toBe('Add contacts:read#42')
  const either = {
    ...explanation,
    needed: { ...explanation.needed, scopes: [], any_of: ['messages:send', 'messages:read'] },
  }
  expect(mendOfCheck(failing, either, null)?.text).toBe('Add messages:send')
  expect(mendOfCheck({ ...failing, passed: null }, explanation, null)).toBeNull()
})

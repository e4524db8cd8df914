// The key form of the dashboard: errors, conversion to a request, and the round trip of a key.
import { describe, expect, it } from 'vitest'
import type { Key } from '../../src/dashboard/keys/api.ts'
import {
  emptyGrants,
  type GrantDraft,
  grantsOfDraft,
  type MayGrant,
} from '../../src/dashboard/keys/grant-draft.ts'
import {
  changesOf,
  draftErrors,
  draftOfKey,
  emptyDraft,
  expiresAt,
  type KeyDraft,
  newKeyOf,
} from '../../src/dashboard/keys/key-draft.ts'
import {
  draftOfLimits,
  emptyLimits,
  hasOwnName,
  isWhole,
  type LimitDraft,
  limitErrors,
  limitsOfDraft,
  newWindow,
} from '../../src/dashboard/keys/limit-draft.ts'
import { metadataError, metadataOf, metadataText } from '../../src/dashboard/keys/metadata-draft.ts'
import { rotationOf } from '../../src/dashboard/keys/rotation-draft.ts'
import { grantLines } from '../../src/dashboard/ui/key-text.ts'
import { splitSeconds, units } from '../../src/dashboard/ui/seconds.ts'
import fc from '../support/fc.ts'

const now = Date.parse('2026-11-28T12:00:00Z')
const dayMs = 86_400_000

const key: Key = {
  id: '0b0c8a52-4a8e-4d0c-9a55-6a1d0f6f6a01',
  name: 'CRM integration',
  format: 'whm',
  environment: 'live',
  key_prefix: '3f9a0c7e',
  status: 'active',
  is_active: true,
  scopes: ['contacts:read'],
  allowed_ips: null,
  external_id: null,
  metadata: null,
  rate_limit: null,
  credits: null,
  limits_by: 'key',
  may_grant: null,
  made_by: null,
  needs_review: false,
  created_at: '2026-11-01T00:00:00.000Z',
  created_by: null,
  created_by_name: null,
  expires_at: null,
  last_used_at: null,
  revoked_at: null,
  revoked_by: null,
  replaced_by: null,
}

const drafted = (part: Partial<KeyDraft>): KeyDraft => ({
  ...emptyDraft,
  name: 'CRM',
  scopes: ['contacts:read'],
  ...part,
})
const limited = (part: Partial<LimitDraft>): LimitDraft => ({ ...emptyLimits, ...part })

describe('metadata', () => {
  it.each([
    ['', null],
    [' \n', null],
    ['{}', {}],
    ['{"a": {"b": [1.50, "x", null]}}', { a: { b: [1.5, 'x', null] } }],
    ['{"n": 1234567890.12345}', { n: 1234567890.12345 }],
  ])('%j is read', (text, metadata) => {
    expect(metadataError(text)).toBeUndefined()
    expect(metadataOf(text)).toEqual(metadata)
  })

  it.each([
    '{',
    'null',
    '[]',
    '"text"',
    '{"n": 12345678901234567890}',
    '{"n": 0.12345678901234567890}',
  ])('%j is refused', (text) => {
    expect(draftErrors(drafted({ metadata: text }))).toHaveProperty('metadata')
  })

  it('of a key stays what it is, whatever it holds', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true })
    const value = fc.jsonValue()
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(number, value)), (metadata) => {
        const stored = JSON.parse(JSON.stringify(metadata))
        expect(metadataOf(metadataText(stored))).toEqual(stored)
      }),
    )
  })
})

describe('errors of a key', () => {
  it('an empty draft lacks a name and a scope', () => {
    expect(Object.keys(draftErrors(emptyDraft)).sort()).toEqual(['name', 'scopes'])
  })

  it('a name of spaces is empty', () => {
    expect(draftErrors(drafted({ name: ' \t' }))).toHaveProperty('name')
    expect(draftErrors(drafted({}))).toEqual({})
  })

  it('scopes are needed only when they are selected', () => {
    expect(draftErrors(drafted({ scopes: [] }))).toHaveProperty('scopes')
    expect(draftErrors(drafted({ scopes: [], scopeChoice: 'none' }))).toEqual({})
    expect(draftErrors(drafted({ scopes: [], scopeChoice: 'inherit' }))).toEqual({})
  })

  it('IDs of a scope are needed where it is limited to certain ones, and have the letters of IDs', () => {
    const errorOf = (...scopes: string[]) => draftErrors(drafted({ scopes })).scopes
    expect(errorOf('contacts:read#')).toBe('Enter at least one ID for contacts:read')
    expect(errorOf('messages:send', 'contacts:read# ', 'contacts:read#,')).toContain(
      'contacts:read',
    )
    expect(errorOf('contacts:read#a/b')).toContain('“a/b” is not an ID')
    expect(errorOf('contacts:read#42', 'contacts:read#..')).toContain('“..” is not an ID')
    expect(errorOf(`contacts:read#${'a'.repeat(129)}`)).toContain('is not an ID')
    expect(errorOf(`contacts:read#${'a'.repeat(128)}`, 'contacts:read#', 'contacts:*')).toBe(
      undefined,
    )
    expect(draftErrors(drafted({ scopes: ['contacts:read#'], scopeChoice: 'none' }))).toEqual({})
  })

  it('a custom date needs a date', () => {
    expect(draftErrors(drafted({ expiry: 'date' }))).toHaveProperty('date')
    expect(draftErrors(drafted({ expiry: 'date', date: '2027-01-31' }))).toEqual({})
  })

  it('the balance may be empty where one exists: on a key with credits, or on a shared one', () => {
    const limits = limited({ hasCredits: true })
    const credits = { remaining: 5, refill: null }
    expect(draftErrors(drafted({ limits }))).toHaveProperty('balance')
    expect(draftErrors(drafted({ limits }), key)).toHaveProperty('balance')
    expect(draftErrors(drafted({ limits }), { ...key, credits })).toEqual({})
    expect(draftErrors(drafted({ limits: { ...limits, isShared: true } }))).toEqual({})
  })
})

describe('the request of a key', () => {
  it('trims the name and the external ID, and sends null for an empty one', () => {
    expect(newKeyOf(drafted({ name: ' CRM ', externalId: ' c-1 ' }), now)).toMatchObject({
      name: 'CRM',
      external_id: 'c-1',
    })
    expect(newKeyOf(drafted({ externalId: '  ' }), now).external_id).toBeNull()
  })

  it('splits addresses at newlines, spaces and commas', () => {
    const request = newKeyOf(drafted({ addresses: '\n203.0.113.7, 10.0.0.0/8\r\n ::1 ,,' }), now)
    expect(request.allowed_ips).toEqual(['203.0.113.7', '10.0.0.0/8', '::1'])
    expect(newKeyOf(drafted({ addresses: ' ,\n' }), now).allowed_ips).toBeNull()
  })

  it('sends [] for no scopes, null for inherited ones, and else the selected ones', () => {
    const scopesOf = (scopeChoice: KeyDraft['scopeChoice']) =>
      newKeyOf(drafted({ scopeChoice }), now).scopes
    expect(scopesOf('none')).toEqual([])
    expect(scopesOf('inherit')).toBeNull()
    expect(scopesOf('selected')).toEqual(['contacts:read'])
  })

  it('leaves the format to the server unless one is selected', () => {
    expect(newKeyOf(drafted({}), now)).not.toHaveProperty('format')
    expect(newKeyOf(drafted({ format: 'wacrm_live' }), now).format).toBe('wacrm_live')
  })

  it.each(['7', '30', '90', '365'] as const)('expires after %s days', (expiry) => {
    const end = new Date(now + Number(expiry) * dayMs).toISOString()
    expect(newKeyOf(drafted({ expiry }), now).expires_at).toBe(end)
  })

  it('a date expires at its last second in local time', () => {
    const end = expiresAt(drafted({ expiry: 'date', date: '2027-01-31' }), now)
    expect(end).toEqual(new Date(2027, 0, 31, 23, 59, 59))
  })

  it('no date and no expiration are null', () => {
    expect(expiresAt(drafted({ expiry: 'date' }), now)).toBeNull()
    expect(newKeyOf(drafted({ expiry: 'never' }), now).expires_at).toBeNull()
  })

  it('a change has no expiration when it is kept, null when it is removed, and never a format', () => {
    const changesBy = (part: Partial<KeyDraft>) =>
      changesOf({ ...draftOfKey(key), ...part }, now, { before: key, isOwner: true })
    expect(changesBy({})).not.toHaveProperty('expires_at')
    expect(changesBy({ format: 'wacrm_live' })).not.toHaveProperty('format')
    expect(changesBy({ expiry: 'never' }).expires_at).toBeNull()
    expect(changesBy({ expiry: '7' }).expires_at).toBe(new Date(now + 7 * dayMs).toISOString())
  })
})

describe('whole numbers', () => {
  it.each(['1', ' 42 ', '007', '999999999999999'])('accepts %j', (text) => {
    expect(isWhole(text, 1)).toBe(true)
  })

  it.each(['', ' ', '0', '-1', '+1', '1.5', '1e3', '0x10', '1 000', 'a few', '1000000000000000'])(
    'refuses %j',
    (text) => {
      expect(isWhole(text, 1)).toBe(false)
    },
  )

  it('the minimum counts', () => {
    expect(isWhole('0', 0)).toBe(true)
    expect(isWhole('0', 1)).toBe(false)
  })
})

describe('errors of limits', () => {
  const windows = [{ ...newWindow(), limit: '30' }]

  it('a new window is valid, and each of its numbers is checked', () => {
    expect(limitErrors(limited({ windows: [newWindow()] }), false)).toEqual({})
    for (const part of [{ limit: '0' }, { limit: 'a few' }, { count: '0' }, { count: '' }]) {
      const invalid = { ...newWindow(), ...part }
      expect(limitErrors(limited({ windows: [...windows, invalid] }), false)).toHaveProperty(
        'windows',
      )
    }
  })

  it('credits are checked only when requests consume them', () => {
    const invalid = { balance: 'x', refill: 'daily', refillAmount: '0' } as const
    expect(limitErrors(limited({ hasCredits: false, ...invalid }), false)).toEqual({})
    const errors = limitErrors(limited({ hasCredits: true, ...invalid }), false)
    expect(Object.keys(errors).sort()).toEqual(['balance', 'refill'])
  })

  it('a balance of 0 is valid, and a wrong one is not, even where one exists', () => {
    expect(limitErrors(limited({ hasCredits: true, balance: '0' }), false)).toEqual({})
    expect(limitErrors(limited({ hasCredits: true, balance: '-1' }), true)).toHaveProperty(
      'balance',
    )
  })

  it('a monthly refill needs a day from 1 to 31', () => {
    const refill = { hasCredits: true, balance: '1', refill: 'monthly', refillAmount: '5' } as const
    for (const refillDay of ['1', '31']) {
      expect(limitErrors(limited({ ...refill, refillDay }), false)).toEqual({})
    }
    for (const refillDay of ['0', '32', '', 'x']) {
      expect(limitErrors(limited({ ...refill, refillDay }), false)).toHaveProperty('refill')
    }
    const daily = { ...refill, refill: 'daily', refillDay: '99' } as const
    expect(limitErrors(limited(daily), false)).toEqual({})
  })
})

describe('the request of limits', () => {
  it('sends null without limits', () => {
    expect(limitsOfDraft(emptyLimits, null)).toEqual({
      rate_limit: null,
      credits: null,
      limits_by: 'key',
    })
  })

  it('limits are shared only with an external ID', () => {
    const draft = limited({ isShared: true })
    expect(limitsOfDraft(draft, null).limits_by).toBe('key')
    expect(limitsOfDraft(draft, 'customer-1').limits_by).toBe('external_id')
  })

  it('an empty balance is not sent', () => {
    expect(limitsOfDraft(limited({ hasCredits: true, balance: ' ' }), null).credits).toEqual({
      refill: null,
    })
    expect(limitsOfDraft(limited({ hasCredits: true, balance: '0' }), null).credits).toEqual({
      remaining: 0,
      refill: null,
    })
  })

  it('names of windows are trimmed, and empty ones are not sent', () => {
    const windows = [
      { ...newWindow(), name: ' burst ' },
      {
        ...newWindow(),
        name: ' ',
        limit: '7',
        count: '2',
        unit: 'hour' as const,
        mode: 'fast' as const,
      },
    ]
    expect(limitsOfDraft(limited({ windows }), null).rate_limit).toEqual([
      { name: 'burst', limit: 100, window_seconds: 60 },
      { limit: 7, window_seconds: 7_200, mode: 'fast' },
    ])
  })

  it('seconds are shown in the largest unit that divides them', () => {
    expect(splitSeconds(86_400)).toEqual({ count: 1, unit: 'day' })
    expect(splitSeconds(90_000)).toEqual({ count: 25, unit: 'hour' })
    expect(splitSeconds(90)).toEqual({ count: 90, unit: 'second' })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 86_400 }), (seconds) => {
        const { count, unit } = splitSeconds(seconds)
        expect(count * units[unit]).toBe(seconds)
      }),
    )
  })
})

describe('round trips', () => {
  const anyWindow = fc
    .record({
      seconds: fc.integer({ min: 1, max: 31 * 86_400 }),
      limit: fc.integer({ min: 1, max: 1_000_000_000 }),
      name: fc.option(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), { nil: undefined }),
      isFast: fc.boolean(),
    })
    .map(({ seconds, limit, name = `${seconds}s`, isFast }) => {
      const window = { name, limit, window_seconds: seconds }
      return isFast ? { ...window, mode: 'fast' as const } : window
    })
  const anyAmount = fc.integer({ min: 1, max: 1_000_000_000 })
  const anyRefill = fc.oneof(
    fc.constant(null),
    fc.record({ interval: fc.constant('daily' as const), amount: anyAmount }),
    fc.record({
      interval: fc.constant('monthly' as const),
      amount: anyAmount,
      day: fc.integer({ min: 1, max: 31 }),
    }),
  )
  const anyKey = fc
    .record({
      name: fc.stringMatching(/^[A-Za-z][A-Za-z ]{0,30}[a-z]$/),
      scopes: fc.option(
        fc.uniqueArray(
          fc.constantFrom(
            ...['contacts:read', 'contacts:read#42', 'contacts:read#.~_', 'contacts:*'],
            ...['messages:send', 'gone:read', 'gone:read#1', 'gone:*'],
          ),
        ),
      ),
      allowed_ips: fc.option(
        fc.uniqueArray(fc.constantFrom('203.0.113.7', '10.0.0.0/8', '2001:db8::/32'), {
          minLength: 1,
        }),
      ),
      external_id: fc.option(fc.stringMatching(/^[a-z0-9-]{1,20}$/)),
      rate_limit: fc.option(fc.array(anyWindow, { minLength: 1, maxLength: 5 })),
      credits: fc.option(fc.record({ remaining: fc.option(fc.nat()), refill: anyRefill })),
      isShared: fc.boolean(),
    })
    .map(({ isShared, ...attributes }): Key => {
      const isSharable = isShared && attributes.external_id !== null
      return { ...key, ...attributes, limits_by: isSharable ? 'external_id' : 'key' }
    })

  it('a key that is opened and saved is not changed', () => {
    fc.assert(
      fc.property(anyKey, fc.boolean(), (value, isOwner) => {
        const draft = draftOfKey(value)
        expect(draftErrors(draft, value)).toEqual({})
        expect(changesOf(draft, now, { before: value, isOwner })).toEqual({})
      }),
    )
  })

  it('a key of its values is what it was, but for the balance', () => {
    fc.assert(
      fc.property(anyKey, (value) => {
        const before = { ...key, scopes: null, external_id: 'another' }
        expect(newKeyOf({ ...draftOfKey(value), expiry: 'never', format: '' }, now)).toEqual({
          name: value.name,
          expires_at: null,
          scopes: value.scopes,
          allowed_ips: value.allowed_ips,
          external_id: value.external_id,
          metadata: value.metadata,
          rate_limit:
            value.rate_limit?.map(({ name, limit, window_seconds, mode }) => ({
              limit,
              window_seconds,
              ...(hasOwnName(name, window_seconds) && { name }),
              ...(mode === 'fast' && { mode }),
            })) ?? null,
          credits: value.credits && { refill: value.credits.refill },
          limits_by: value.limits_by,
        })
        const changes = changesOf(draftOfKey(value), now, { before, isOwner: false })
        expect(changes.scopes ?? null).toEqual(value.scopes)
        expect(changes.external_id).toBe(value.external_id)
      }),
    )
  })

  it('a change names only what the form changed, and sends scopes that are not listed with the others', () => {
    const before: Key = {
      ...key,
      scopes: ['contacts:*', 'contacts:read#42', 'orders:read', 'orders:read#1', 'messages:send'],
      allowed_ips: ['203.0.113.7'],
    }
    const draft = draftOfKey(before)
    const changesBy = (part: Partial<KeyDraft>) =>
      changesOf({ ...draft, ...part }, now, { before, isOwner: false })
    expect(changesBy({ name: ' Renamed ' })).toEqual({ name: 'Renamed' })
    expect(changesBy({ addresses: '' })).toEqual({ allowed_ips: null })
    expect(changesBy({ scopes: [...draft.scopes, 'messages:read'] })).toEqual({
      scopes: [...draft.scopes, 'messages:read'],
    })
    expect(changesBy({ scopeChoice: 'inherit' })).toEqual({ scopes: null })
  })

  it('the rows of windows have ids of their own', () => {
    const window = { name: '60s', limit: 1, window_seconds: 60 }
    const { windows } = draftOfLimits({ ...key, rate_limit: [window, window] })
    expect(new Set(windows.map(({ id }) => id)).size).toBe(2)
  })
})

describe('what a key may grant', () => {
  const managing = (grants: Partial<GrantDraft>, more: Partial<KeyDraft> = {}) =>
    drafted({ scopes: ['keys:manage'], grants: { ...emptyGrants, ...grants }, ...more })
  const manager: Key = { ...key, scopes: ['keys:manage'] }

  it('is sent only for a key that manages keys', () => {
    expect(newKeyOf(drafted({}), now)).not.toHaveProperty('may_grant')
    const inheriting = managing({}, { scopeChoice: 'inherit' })
    expect(newKeyOf(inheriting, now)).not.toHaveProperty('may_grant')
  })

  it('is what the form says: by default no scope, without other bounds', () => {
    const none = { environments: null, external_ids: null, max_lifetime: null }
    const unbounded = { ...none, rate_limit: null, max_keys: null }
    expect(newKeyOf(managing({}), now).may_grant).toEqual({ ...unbounded, scopes: [] })
    const any = managing({ isAnyScope: true, scopes: ['contacts:read'] })
    expect(newKeyOf(any, now).may_grant).toEqual({ ...unbounded, scopes: null })
    expect(newKeyOf(managing({ isGranting: false }), now).may_grant).toBeNull()
    const bounded = managing({
      scopes: ['contacts:read#1', 'contacts:read# 2,3 ', 'contacts:read#', 'messages:*'],
      environments: ['test'],
      lifetime: ' 30 ',
      isAnyExternalId: false,
      externalIds: ' customer 1 \n\ncustomer-2\r\n',
      windows: [{ ...newWindow(), limit: '5' }],
      maxKeys: '0',
    })
    expect(newKeyOf(bounded, now).may_grant).toEqual({
      scopes: ['contacts:read#1', 'contacts:read#2', 'contacts:read#3', 'messages:*'],
      environments: ['test'],
      external_ids: ['customer 1', 'customer-2'],
      max_lifetime: 30 * 86_400,
      rate_limit: [{ limit: 5, window_seconds: 60 }],
      max_keys: 0,
    })
  })

  it('has errors where the form shows them', () => {
    const wrong = {
      scopes: ['contacts:read#'],
      environments: [],
      lifetime: '0',
      maxKeys: '-1',
      isAnyExternalId: false,
      externalIds: ' \n',
      windows: [{ ...newWindow(), limit: '0' }],
    }
    const bounds = ['grantEnvironments', 'grantExternalIds', 'grantScopes', 'grantWindows']
    const names = [...bounds, 'lifetime', 'maxKeys']
    expect(Object.keys(draftErrors(managing(wrong))).sort()).toEqual(names)
    expect(draftErrors(managing({ ...wrong, isGranting: false }))).toEqual({})
    expect(draftErrors(drafted({ grants: { ...emptyGrants, ...wrong } }))).toEqual({})
  })

  it('is left out of a change that does not concern it, and of one by an admin', () => {
    const may_grant = {
      ...{ scopes: null, environments: ['live'], external_ids: [], max_lifetime: 90 },
      ...{
        rate_limit: [{ name: 'default', limit: 5, window_seconds: 60 }],
        max_keys: 3,
      },
    }
    const before = { ...manager, may_grant }
    const draft = draftOfKey(before)
    expect(changesOf(draft, now, { before, isOwner: true })).not.toHaveProperty('may_grant')
    expect(draftErrors(draft, before)).toEqual({})
    const edited = { ...draft, grants: { ...draft.grants, maxKeys: '4', externalIds: 'x' } }
    expect(changesOf(edited, now, { before, isOwner: false })).not.toHaveProperty('may_grant')
    expect(changesOf(edited, now, { before, isOwner: true }).may_grant).toEqual({
      ...may_grant,
      external_ids: ['x'],
      rate_limit: [{ name: 'default', limit: 5, window_seconds: 60 }],
      max_keys: 4,
    })
  })

  it('ends with keys:manage', () => {
    const before = { ...manager, may_grant: draftedGrants({ external_ids: [] }) }
    const draft = { ...draftOfKey(before), scopes: ['contacts:read'] }
    expect(draftErrors(draft, before)).toEqual({})
    expect(changesOf(draft, now, { before, isOwner: true }).may_grant).toBeNull()
  })

  it('is shown in words', () => {
    expect(grantLines(null)).toEqual(['Nothing: the key only reads, restricts and revokes keys'])
    expect(grantLines(draftedGrants({ scopes: null }))).toEqual(['Any scope that is not reserved'])
    expect(
      grantLines({
        ...{ scopes: ['contacts:read'], environments: ['live'], external_ids: ['x', 'y'] },
        ...{ max_lifetime: 30 * 86_400, max_keys: 1_000 },
        rate_limit: [{ name: 'default', limit: 5, window_seconds: 60 }],
      }),
    ).toEqual([
      'Scopes: contacts:read',
      'In the environments: live',
      'For the external IDs: x, y',
      'For at most 30 days',
      'With a rate limit of 5 per minute or less',
      'At most 1,000 keys at a time',
    ])
  })

  it('survives the form', () => {
    const bounds: fc.Arbitrary<MayGrant> = fc.record({
      scopes: fc.option(fc.subarray(['contacts:read', 'contacts:read#42', 'messages:*', 'gone:x'])),
      environments: fc.option(fc.subarray(['live', 'test', 'gone'])),
      external_ids: fc.option(fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9 ,-]{0,8}[a-z]$/))),
      max_lifetime: fc.option(fc.integer({ min: 1, max: 400 * 86_400 })),
      rate_limit: fc.option(
        fc.constant([{ name: 'burst', limit: 3, window_seconds: 90, mode: 'fast' as const }]),
      ),
      max_keys: fc.option(fc.nat()),
    })
    fc.assert(
      fc.property(fc.option(bounds), (may_grant) => {
        const { grants } = draftOfKey({ ...manager, may_grant })
        expect(grantsOfDraft(grants)).toEqual(may_grant)
      }),
    )
  })

  function draftedGrants(part: Partial<MayGrant>): MayGrant {
    const none = { environments: null, external_ids: null, max_lifetime: null }
    return { ...none, scopes: [], rate_limit: null, max_keys: null, ...part }
  }
})

describe('the draft of a rotation', () => {
  it('names an expiry only where another is chosen', () => {
    expect(rotationOf({ overlap: '3600', lifetime: 'keep' }, now)).toEqual({
      overlap_seconds: 3_600,
    })
    expect(rotationOf({ overlap: '0', lifetime: 'never' }, now)).toEqual({
      overlap_seconds: 0,
      expires_at: null,
    })
    const later = { overlap_seconds: 86_400, expires_at: '2027-02-26T12:00:00.000Z' }
    expect(rotationOf({ overlap: '86400', lifetime: '90' }, now)).toEqual(later)
  })
})

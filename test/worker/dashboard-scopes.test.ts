// The scopes that the dashboard offers, selects and describes, and the counts above its list of keys.
import { describe, expect, it } from 'vitest'
import {
  heldRefusal,
  listHeld,
  readEntry,
  type ScopeCatalogue,
} from '../../src/core/scope-matcher.ts'
import { reservedScopes } from '../../src/core/scopes.ts'
import type { KeySummary } from '../../src/dashboard/keys/api.ts'
import { countsOf, countText, isCurrent } from '../../src/dashboard/keys/key-count.ts'
import type { Scope } from '../../src/dashboard/scopes/api.ts'
import {
  groupScopes,
  wildcardRefusal,
  wildcardsOver,
} from '../../src/dashboard/scopes/catalogue.ts'
import {
  coveredBy,
  heldNotes,
  isListed,
  wildcardsOf,
} from '../../src/dashboard/scopes/held-scopes.ts'
import {
  extentOf,
  heldOf,
  idsText,
  withExtent,
  withIds,
} from '../../src/dashboard/scopes/selection.ts'
import fc from '../support/fc.ts'

const entries: ScopeCatalogue = {
  'contacts:read': { description: 'Read', resource: true },
  'contacts:write': 'Write',
  'contacts:erase': { description: 'Erase', wildcard: false },
  'orders:items:read': { description: 'Items', resource: true },
  'orders:pay': 'Pay',
  'secrets:read': { description: 'Secrets', wildcard: false },
  'keys:print': 'A scope of the deployer that begins as those of Latchkey do',
  status: 'Without a colon',
  ...reservedScopes,
}

/** As GET /api/scopes tells them. */
const catalogue: Scope[] = Object.entries(entries).map(([scope, entry]) => ({
  scope,
  ...readEntry(entry),
  ...(Object.hasOwn(reservedScopes, scope) && { wildcard: false }),
  reserved: Object.hasOwn(reservedScopes, scope),
  roles: scope === 'contacts:read' ? ['owner', 'admin', 'member'] : ['owner', 'admin'],
}))

describe('wildcards', () => {
  it('are offered where they cover something', () => {
    expect(wildcardsOf(catalogue)).toEqual(['contacts:*', 'orders:*', 'orders:items:*'])
  })

  it('cover what the API says that they cover', () => {
    for (const wildcard of wildcardsOf(catalogue)) {
      const names = coveredBy(wildcard, catalogue).map(({ scope }) => scope)
      expect(names).toEqual(listHeld([wildcard], entries).scopes)
      expect(names).not.toEqual([])
    }
  })

  it('what has an effect is what the API lets a key hold', () => {
    const names = fc.constantFrom(...Object.keys(entries), 'gone:read', 'contact', 'orders:items')
    const end = fc.constantFrom('', '#42', ':*')
    fc.assert(
      fc.property(names, end, (name, tail) => {
        expect(isListed(name + tail, catalogue)).toBe(heldRefusal(name + tail, entries) === null)
      }),
    )
  })

  it('stand with the scopes that they cover, and a role that lacks one of these does not grant them', () => {
    const groups = groupScopes(catalogue)
    const wildcards = groups.map(({ resource, wildcards }) => [resource, wildcards])
    expect(Object.fromEntries(wildcards)).toEqual({
      contacts: ['contacts:*'],
      orders: ['orders:*', 'orders:items:*'],
      ...{ secrets: [], keys: [], platform: [], status: [] },
    })
    const [contacts] = groups
    if (contacts === undefined) throw new Error('no group')
    const over = contacts.scopes.map((scope) => wildcardsOver(scope, contacts))
    expect(over).toEqual([['contacts:*'], ['contacts:*'], []])
    expect(wildcardRefusal('contacts:*', contacts.scopes, 'admin')).toBeNull()
    expect(wildcardRefusal('contacts:*', contacts.scopes, 'member')).toContain('does not include')
  })
})

describe('what a key holds, in words', () => {
  it('says what a wildcard covers, what is limited, and what has no effect', () => {
    expect(heldNotes(['contacts:read', 'orders:pay'], catalogue)).toEqual([])
    const held = ['contacts:*', 'orders:items:read#7', 'orders:items:read#8', 'gone:read', 'gone:*']
    expect(heldNotes(held, catalogue)).toEqual([
      'contacts:* covers contacts:read and contacts:write, and scopes to come.',
      'orders:items:read covers only the resources whose IDs follow the #.',
      'Without effect, since no scope has this name: gone:read, gone:*.',
    ])
  })

  it('a scope that is also held whole is not limited', () => {
    expect(heldNotes(['contacts:read', 'contacts:read#7'], catalogue)).toEqual([])
    expect(heldNotes(['contacts:read#7', 'contacts:*'], catalogue).join()).not.toContain('only')
  })

  it('the resource of a scope that takes none has no effect', () => {
    expect(heldNotes(['orders:pay#7'], catalogue).join()).toContain('orders:pay#7')
  })
})

describe('a selection', () => {
  const other = ['messages:send', 'contacts:*', 'gone:read#1']

  it('is of all resources, of certain ones, or none, and never touches what else is selected', () => {
    expect(extentOf('contacts:read', other)).toBe('none')
    const all = withExtent('contacts:read', 'all', other)
    expect(all).toEqual([...other, 'contacts:read'])
    expect(extentOf('contacts:read', all)).toBe('all')
    const certain = withExtent('contacts:read', 'certain', all)
    expect(certain).toEqual([...other, 'contacts:read#'])
    expect(extentOf('contacts:read', certain)).toBe('certain')
    expect(withExtent('contacts:read', 'none', certain)).toEqual(other)
  })

  it('keeps the IDs as they are typed, and requests each once', () => {
    const typed = '42, 43\n\n 42 \n'
    const selected = withIds('contacts:read', typed, [...other, 'contacts:read#'])
    expect(idsText('contacts:read', selected)).toBe(typed)
    expect(heldOf(selected)).toEqual([...other, 'contacts:read#42', 'contacts:read#43'])
  })

  it('without an ID is no grant at all', () => {
    expect(heldOf(['contacts:read# ', 'contacts:read#,'])).toEqual([])
  })

  it('of a key is requested as the key holds it', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9_~-]{1,20}$/)
    const held = fc.oneof(
      fc.constantFrom('a:b', 'a:*', 'b:c'),
      id.map((text) => `a:b#${text}`),
    )
    fc.assert(
      fc.property(fc.uniqueArray(held), (all) => {
        expect(heldOf(all)).toEqual(all)
      }),
    )
  })

  it('of a key that holds a scope also whole is of all, until it is changed', () => {
    expect(extentOf('contacts:read', ['contacts:read#42', 'contacts:read'])).toBe('all')
    expect(heldOf(['contacts:read#42', 'contacts:read'])).toHaveLength(2)
  })
})

describe('the counts above the list', () => {
  const now = Date.parse('2026-11-28T12:00:00Z')
  const summary: KeySummary = {
    active: 1000,
    expiring_in_7_days: 1,
    never_used: 2,
    unused_for_90_days: 3,
    without_expiry: 4,
    by_environment: { live: 1000, test: 5 },
    capped: ['active', 'by_environment.live'],
  }

  it('are those of the summary, each with the list of its keys', () => {
    const shown = countsOf(['live', 'test'], now).map((count) => [
      `${countText(count, summary)} ${count.name}`,
      count.query,
    ])
    const status = 'active'
    expect(shown).toEqual([
      ['1,000+ active', { status }],
      ['1 expiring in 7 days', { status, expires_before: '2026-12-05T12:00:00.000Z' }],
      ['3 unused for 90 days', { status, unused_for: '90d' }],
      ['2 never used', { status, sort: 'last_used_at' }],
      ['4 without expiry', { status, sort: '-expires_at' }],
      ['1,000+ live', { status, environment: 'live' }],
      ['5 test', { status, environment: 'test' }],
    ])
  })

  it('have no environments where there is one', () => {
    expect(countsOf(['live'], now).map(({ name }) => name)).not.toContain('live')
  })

  it('the count of the shown list is the current one, also after a while', () => {
    const counts = countsOf(['live', 'test'], now)
    for (const count of counts) {
      expect(counts.filter((one) => isCurrent(one, count.query))).toEqual([count])
    }
    const later = countsOf(['live', 'test'], now + 60_000)
    const current = later.filter((one) => isCurrent(one, counts[1]?.query ?? {}))
    expect(current.map(({ name }) => name)).toEqual(['expiring in 7 days'])
    expect(counts.filter((one) => isCurrent(one, { status: 'active', search: 'x' }))).toEqual([])
    expect(counts.filter((one) => isCurrent(one, {}))).toEqual([])
  })
})

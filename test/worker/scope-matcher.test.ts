// The matcher of scopes (src/core/scope-matcher.ts): its grammar, and what covers what, by example.
import { describe, expect, it } from 'vitest'
import { needsOfRoute } from '../../src/core/policy.ts'
import { coversScope, uncoveredScopes } from '../../src/core/scope-grants.ts'
import {
  entryRefusal,
  heldRefusal,
  holdsAny,
  listHeld,
  missingNeeds,
  needRefusal,
  parseHeld,
  parseNeed,
  readEntry,
  type ScopeCatalogue,
} from '../../src/core/scope-matcher.ts'
import { reservedScopes } from '../../src/core/scopes.ts'
import { covers, expectRefused } from '../support/scopes.ts'

const crm: ScopeCatalogue = {
  'contacts:read': { description: 'List and read contacts', resource: true },
  'contacts:write': 'Create and update contacts',
  'contacts:erase': { description: 'Erase contacts', wildcard: false },
  'contacts:tags:read': 'Read tags',
  contacts: 'Count contacts',
  'messages:read': { description: 'Read messages' },
  'platform:billing': 'A scope of the deployer',
  ...reservedScopes,
}
const id128 = 'a'.repeat(128)
const unheld = [
  ...['', '*', '*#1', ':*', '#1', 'contacts:', 'contacts*', '*:read', 'contacts:read#', 'a::b'],
  ...['contacts:*:read', 'contacts:*#1', 'contacts:read#*', 'contacts:read#1#2', 'contacts:read#.'],
  ...['contacts:read#..', `contacts:read#${id128}a`, 'contacts:read#a b', 'contacts:read#a/b'],
  ...['contacts:read#%31', 'contacts:read#é', 'contacts:read#1\n', 'contacts:read\n', ' contacts'],
  ...['Contacts:read', 'contacts:read:', '-a', 'a-', 'a..b', 'a_-b', 'a'.repeat(65), 'a:*:*'],
  ...['keys:*', 'platform:*', 'latchkey:*', 'keys:manage:*', 'platform:x:*', 'constructor#\0'],
]

describe('the grammar', () => {
  it.each(unheld)('refuses %j everywhere', (text) => {
    expect(parseHeld(text)).toBeNull()
    expectRefused(text, crm)
  })

  it.each(['a', '0', 'a.b_c-d:e.1', 'a'.repeat(64), 'keys', 'keysmith:*', 'x:y:*'])(
    'has %j',
    (text) => {
      expect(parseHeld(text)).not.toBeNull()
    },
  )

  it.each(['1', 'A.b_~-', '...', '~', id128])('has the resource %j', (id) => {
    expect(parseNeed(`contacts:read#${id}`)).toEqual({
      kind: 'resource',
      scope: 'contacts:read',
      id,
    })
    expect(covers('contacts:read', `contacts:read#${id}`, crm)).toBe(true)
  })
})

describe('the catalogue', () => {
  it.each([
    ['contacts:read', null],
    ['contacts:read#1', null],
    ['contacts:*', null],
    ['contacts:tags:*', null],
    ['keys:manage', null],
    ['orders:read', 'No such scope'],
    ['constructor', 'No such scope'],
    ['*', 'No such scope'],
    ['contacts:write#1', 'The scope contacts:write takes no resource'],
    ['keys:manage#1', 'The scope keys:manage takes no resource'],
    ['orders:*', 'The wildcard covers no scope'],
    ['contacts:read:*', 'The wildcard covers no scope'],
    ['keys:*', 'No wildcard covers keys:, platform:, latchkey:'],
  ])('%s can be held: %s', (text, refusal) => {
    expect(heldRefusal(text, crm)).toBe(refusal)
  })

  it('refuses a wildcard that covers only scopes closed to wildcards', () => {
    const closed = { description: 'Erase', wildcard: false } as const
    expect(heldRefusal('a:*', { 'a:b': closed })).toBe('The wildcard covers no scope')
    expect(needRefusal('a:*', { 'a:b': 'Read' })).toBe('A wildcard can be held but not needed')
  })

  it('has entries in both forms', () => {
    const plain = { description: 'Read', resource: false, wildcard: true }
    expect(readEntry('Read')).toEqual(plain)
    expect(readEntry({ description: 'Read' })).toEqual(plain)
    const both = { description: 'Read', resource: true, wildcard: false } as const
    expect(readEntry(both)).toEqual(both)
    expect(['Read', { description: 'Read' }, both].map(entryRefusal)).toEqual([null, null, null])
  })

  it.each<[unknown, string]>([
    [' ', 'has no description'],
    [null, 'has no description'],
    [{ resource: true }, 'has no description'],
    [{ description: 'x', resource: 'yes' }, 'may have only `resource: true`'],
    [{ description: 'x', wildcard: 0 }, 'may have only `wildcard: false`'],
    [{ description: 'x', wildcards: false }, 'has the unknown setting "wildcards"'],
  ])('refuses the entry %j', (entry, refusal) => {
    expect(entryRefusal(entry as never)).toBe(refusal)
  })
})

describe('a key that holds', () => {
  it.each([
    ['contacts:read', 'contacts:read', true],
    ['contacts:read', 'contacts:read#7', true],
    ['contacts:read', 'contacts:write', false],
    ['contacts:read#7', 'contacts:read#7', true],
    ['contacts:read#7', 'contacts:read#8', false],
    ['contacts:read#a', 'contacts:read#A', false],
    ['contacts:read#7', 'contacts:read', false],
    ['contacts:*', 'contacts:read', true],
    ['contacts:*', 'contacts:read#7', true],
    ['contacts:*', 'contacts:tags:read', true],
    ['contacts:*', 'contacts', false],
    ['contacts:*', 'contacts:erase', false],
    ['contacts:erase', 'contacts:erase', true],
    ['contacts:*', 'contacts:*', false],
    ['contacts:*', 'contacts:new', false],
    ['contacts', 'contacts:read', false],
    ['contacts:write', 'contacts:write#7', false],
    ['keys:*', 'keys:manage', false],
    ['platform:*', 'platform:billing', false],
    ['platform:billing', 'platform:billing', true],
  ])('%s has %s: %s', (held, need, expected) => {
    expect(covers(held, need, crm)).toBe(expected)
  })

  it('a wildcard has a scope as soon as the catalogue lists it', () => {
    expect(covers('contacts:*', 'contacts:new', { ...crm, 'contacts:new': 'New' })).toBe(true)
  })

  it('all of `scopes` and any of `any_of`', () => {
    const held = listHeld(['contacts:read#7', 'messages:read'], crm)
    const needs = ['contacts:write', 'messages:read', 'contacts:read', '*']
    expect(missingNeeds(needs, held, crm)).toEqual(['contacts:write', 'contacts:read', '*'])
    expect(holdsAny(['contacts:write', 'contacts:read#7'], held, crm)).toBe(true)
    expect(holdsAny(['contacts:write', 'contacts:read#8'], held, crm)).toBe(false)
    expect(holdsAny([], held, crm)).toBe(false)
  })

  it('is listed by names held whole, and resources apart', () => {
    const held = ['contacts:read#7', 'contacts:read#7', 'messages:*', 'keys:verify', 'gone:read']
    expect(listHeld(held, crm)).toEqual({
      scopes: ['messages:read', 'keys:verify'],
      resources: ['contacts:read#7'],
    })
    const all = ['contacts:read#7', 'contacts:*', 'contacts:write', 'contacts:write#1', 'x#1']
    expect(listHeld(all, crm)).toEqual({
      scopes: ['contacts:read', 'contacts:write', 'contacts:tags:read'],
      resources: [],
    })
  })
})

describe('a grant', () => {
  it.each([
    ['contacts:*', 'contacts:*', true],
    ['contacts:*', 'contacts:tags:*', true],
    ['contacts:tags:*', 'contacts:*', false],
    ['contacts:*', 'contacts:read#7', true],
    ['contacts:*', 'contacts:erase', false],
    ['contacts:tags:read', 'contacts:tags:*', false],
    ['contact:*', 'contacts:*', false],
    ['gone:read', 'gone:read', true],
    ['gone:*', 'gone:read', false],
    ['keys:manage', 'keys:manage', true],
    ['keys:*', 'keys:*', false],
  ])('of %s may give %s: %s', (outer, inner, expected) => {
    expect(coversScope(outer, inner, crm)).toBe(expected)
  })

  it('names what is not covered', () => {
    const inner = ['contacts:read#1', 'messages:read', 'messages:*', '*']
    expect(uncoveredScopes(inner, ['contacts:read', 'messages:read'], crm)).toEqual([
      'messages:*',
      '*',
    ])
  })
})

describe('a route', () => {
  it.each<[string | string[], string | null, string[] | null]>([
    ['contacts:read', null, ['contacts:read']],
    ['contacts:read', '7', ['contacts:read#7']],
    [['contacts:read', 'contacts:write'], '7', ['contacts:read#7', 'contacts:write']],
    ['contacts:read', 'a@b', ['contacts:read']],
    ['contacts:read', `${id128}a`, ['contacts:read']],
    ['contacts:read', '%37', null],
    ['contacts:write', 'a%20b', null],
  ])('with %j and the segment %j needs any of %j', (scope, segment, needs) => {
    expect(needsOfRoute(scope, segment, crm)).toEqual(needs)
  })
})

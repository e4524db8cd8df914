// The comparison of powers (src/core/grant.ts): an order, which tightening descends and bounds respect.
import { describe, expect, it } from 'vitest'
import type { Actor, MayGrant } from '../../src/core/actor.ts'
import { contains } from '../../src/core/address.ts'
import { beyondBounds, grantRefusal, type KeyPowers, onlyTightens } from '../../src/core/grant.ts'
import { roles } from '../../src/core/role.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'

const nowMs = Date.UTC(2026, 0, 1)
const plain: KeyPowers = {
  scopes: ['contacts:read', 'contacts:write'],
  inheritsFrom: 'admin',
  environment: 'live',
  expiresAt: nowMs + 1_000_000,
  allowedIps: ['192.0.2.0/24', '2001:db8::/32'],
  rateLimit: [{ name: 'default', limit: 10, windowSeconds: 60 }],
  credits: null,
  limitsBy: 'key',
  externalId: 'x',
  metadata: null,
  mayGrant: null,
  disabled: false,
}
const unbounded: MayGrant = {
  scopes: null,
  environments: null,
  externalIds: null,
  maxLifetime: null,
  rateLimit: null,
  maxKeys: null,
}

describe('a change tightens', () => {
  it.each<[string, Partial<KeyPowers>]>([
    ['nothing', {}],
    ['fewer scopes', { scopes: ['contacts:read'] }],
    ['no scopes', { scopes: [] }],
    ['an earlier expiry', { expiresAt: nowMs }],
    ['an address in a block', { allowedIps: ['192.0.2.7'] }],
    ['a smaller block', { allowedIps: ['192.0.2.128/25', '2001:db8:1::/48'] }],
    ['a lower limit', { rateLimit: [{ name: 'default', limit: 9, windowSeconds: 60 }] }],
    [
      'one more window',
      {
        rateLimit: [
          { name: 'day', limit: 1_000_000, windowSeconds: 86_400 },
          { name: 'default', limit: 10, windowSeconds: 60 },
        ],
      },
    ],
    ['disabled', { disabled: true }],
  ])('%s', (_, change) => {
    expect(onlyTightens(plain, { ...plain, ...change }, config)).toBe(true)
  })

  it('from a fast window to an exact one, or to a lower fast one', () => {
    const window = { name: 'default', limit: 10, windowSeconds: 60 }
    const fast: KeyPowers = { ...plain, rateLimit: [{ ...window, mode: 'fast' }] }
    expect(onlyTightens(fast, plain, config)).toBe(true)
    const lower: KeyPowers = { ...plain, rateLimit: [{ ...window, limit: 9, mode: 'fast' }] }
    expect(onlyTightens(fast, lower, config)).toBe(true)
    expect(onlyTightens(lower, plain, config)).toBe(false)
  })

  it('from no bound to any', () => {
    const open = { ...plain, expiresAt: null, allowedIps: null, rateLimit: null }
    expect(onlyTightens(open, plain, config)).toBe(true)
    expect(onlyTightens({ ...plain, scopes: null }, { ...plain, scopes: [] }, config)).toBe(true)
  })
})

describe('a change is a grant', () => {
  it.each<[string, Partial<KeyPowers>]>([
    ['one more scope', { scopes: ['contacts:read', 'contacts:write', 'messages:send'] }],
    ['another scope', { scopes: ['messages:send'] }],
    ['inheritance', { scopes: null }],
    ['a later expiry', { expiresAt: nowMs + 1_000_001 }],
    ['no expiry', { expiresAt: null }],
    ['any address', { allowedIps: null }],
    ['a wider block', { allowedIps: ['192.0.0.0/16'] }],
    ['another address', { allowedIps: ['192.0.2.7', '198.51.100.1'] }],
    ['a higher limit', { rateLimit: [{ name: 'default', limit: 11, windowSeconds: 60 }] }],
    [
      'a fast window',
      { rateLimit: [{ name: 'default', limit: 10, windowSeconds: 60, mode: 'fast' }] },
    ],
    ['a renamed window', { rateLimit: [{ name: 'other', limit: 10, windowSeconds: 60 }] }],
    [
      'a window of another length',
      { rateLimit: [{ name: 'default', limit: 10, windowSeconds: 61 }] },
    ],
    ['no window', { rateLimit: null }],
    ['credits', { credits: { remaining: 1, since: 1, refill: null } }],
    ['the meter', { limitsBy: 'external_id' }],
    ['another external id', { externalId: 'y' }],
    ['no external id', { externalId: null }],
    ['metadata', { metadata: {} }],
    ['may_grant', { mayGrant: unbounded }],
    ['another environment', { environment: 'test' }],
  ])('%s', (_, change) => {
    expect(onlyTightens(plain, { ...plain, ...change }, config)).toBe(false)
  })

  it('enabling again', () => {
    expect(onlyTightens({ ...plain, disabled: true }, plain, config)).toBe(false)
  })

  it('a list of scopes in the place of inheritance, which may shrink with the role', () => {
    expect(onlyTightens({ ...plain, scopes: null }, plain, config)).toBe(false)
  })
})

const scopes = fc.option(
  fc.subarray(['contacts:read', 'contacts:write', 'messages:send', 'keys:manage', 'keys:verify']),
)
const blocks = ['192.0.2.0/24', '192.0.2.0/25', '192.0.2.7', '0.0.0.0/0', '2001:db8::/32', '::/0']
const windows = fc.option(
  fc.uniqueArray(
    fc
      .record({
        name: fc.constantFrom('a', 'b'),
        limit: fc.integer({ min: 1, max: 3 }),
        windowSeconds: fc.constantFrom(1, 60),
        isFast: fc.boolean(),
      })
      .map(({ isFast, ...window }) => (isFast ? { ...window, mode: 'fast' as const } : window)),
    { selector: ({ name }) => name, minLength: 1 },
  ),
)
const bounds: fc.Arbitrary<MayGrant> = fc.record({
  scopes: fc.option(fc.subarray(['contacts:read', 'contacts:write', 'messages:send'])),
  environments: fc.option(fc.subarray(['live', 'test'])),
  externalIds: fc.option(fc.subarray(['x', 'y'])),
  maxLifetime: fc.option(fc.integer({ min: 1, max: 3 })),
  rateLimit: windows,
  maxKeys: fc.constant(null),
})
const powers: fc.Arbitrary<KeyPowers> = fc.record({
  scopes,
  inheritsFrom: fc.option(fc.constantFrom(...roles)),
  environment: fc.constantFrom('live', 'test'),
  expiresAt: fc.option(fc.integer({ min: nowMs, max: nowMs + 4_000 })),
  allowedIps: fc.option(fc.subarray(blocks, { minLength: 1 })),
  rateLimit: windows,
  credits: fc.constantFrom(null, { remaining: 1, since: 1, refill: null }),
  limitsBy: fc.constantFrom('key', 'external_id'),
  externalId: fc.constantFrom(null, 'x', 'y', 'z'),
  metadata: fc.constantFrom(null, { a: 1 }),
  mayGrant: fc.option(bounds, { freq: 5 }),
  disabled: fc.boolean(),
})
const fields = Object.keys(plain) as (keyof KeyPowers)[]
const someFields = fc.subarray(fields, { maxLength: 2 })
/** Each with at most two fields other than the one before: related more often than any three keys. */
const related = fc
  .tuple(powers, powers, powers, someFields, someFields)
  .map(([first, second, third, changed, changedNext]) => {
    const next = { ...first, ...pick(second, changed) }
    return [first, next, { ...next, ...pick(third, changedNext) }] as const
  })

function pick(key: KeyPowers, names: readonly (keyof KeyPowers)[]): Partial<KeyPowers> {
  return Object.fromEntries(names.map((name) => [name, key[name]]))
}

const many = { numRuns: 5_000 }

/** Sorted, and of addresses those that no other contains. */
function inOrder({ scopes, allowedIps, rateLimit, ...rest }: KeyPowers) {
  const outermost = allowedIps?.filter(
    (block) => !allowedIps.some((other) => other !== block && contains(other, block)),
  )
  return {
    ...rest,
    scopes: scopes?.toSorted(),
    allowedIps: outermost?.toSorted(),
    rateLimit: rateLimit?.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

describe('powers', () => {
  it('are a partial order: reflexive and transitive', () => {
    let chains = 0
    fc.assert(
      fc.property(related, ([a, b, c]) => {
        expect(onlyTightens(a, a, config)).toBe(true)
        if (!onlyTightens(a, b, config) || !onlyTightens(b, c, config)) return
        chains++
        expect(onlyTightens(a, c, config)).toBe(true)
      }),
      many,
    )
    expect(chains).toBeGreaterThan(50)
  })

  it('that tighten one another are the same, but for the order of what they list', () => {
    let pairs = 0
    fc.assert(
      fc.property(powers, powers, fc.nat(), fc.constantFrom(...fields), (a, other, turn, field) => {
        const rotated = <Item>(list: readonly Item[] | null) =>
          list && [...list.slice(turn % list.length), ...list.slice(0, turn % list.length)]
        const again: KeyPowers = {
          ...a,
          scopes: rotated(a.scopes),
          allowedIps: rotated(a.allowedIps),
          rateLimit: rotated(a.rateLimit),
        }
        expect([onlyTightens(a, again, config), onlyTightens(again, a, config)]).toEqual([
          true,
          true,
        ])
        const b = { ...again, [field]: other[field] }
        if (!onlyTightens(a, b, config) || !onlyTightens(b, a, config)) return
        pairs++
        expect(inOrder(b)).toEqual(inOrder(a))
      }),
      many,
    )
    expect(pairs).toBeGreaterThan(50)
  })

  it('within bounds stay within them when they tighten', () => {
    let within = 0
    fc.assert(
      fc.property(related, bounds, ([a, b], may) => {
        if (!onlyTightens(a, b, config) || beyondBounds(may, a, config, nowMs) !== null) return
        within++
        expect(beyondBounds(may, b, config, nowMs)).toBeNull()
      }),
      many,
    )
    expect(within).toBeGreaterThan(5)
  })

  it('that a managing key grants are within its bounds, and never reserved, inherited or granting', () => {
    fc.assert(
      fc.property(powers, fc.option(bounds), (key, mayGrant) => {
        const actor: Actor = {
          kind: 'key',
          id: 'm',
          rootId: 'm',
          accountId: 'a',
          scopes: ['keys:manage'],
          createdBy: null,
          mayGrant,
        }
        if (grantRefusal(actor, key, config, nowMs) !== null) return
        const { scopes: allowed = null, externalIds = null, maxLifetime = null } = mayGrant ?? {}
        expect(mayGrant).not.toBeNull()
        expect(key.mayGrant).toBeNull()
        expect(key.scopes).not.toBeNull()
        expect(key.scopes).not.toContain('keys:manage')
        expect(key.scopes).not.toContain('keys:verify')
        for (const scope of allowed === null ? [] : (key.scopes ?? [])) {
          expect(allowed).toContain(scope)
        }
        if (externalIds !== null) expect(externalIds).toContain(key.externalId)
        if (maxLifetime !== null) {
          expect(key.expiresAt).not.toBeNull()
          expect(key.expiresAt).toBeLessThanOrEqual(nowMs + maxLifetime * 1_000)
        }
      }),
      many,
    )
  })
})

describe('a block contains', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.0/24', true],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.2.0/23', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '192.0.2.1', false],
    ['2001:db8::/32', '2001:db8:1::/48', true],
    ['2001:db8:1::/48', '2001:db8::/32', false],
  ])('%s, %s: %s', (outer, inner, expected) => {
    expect(contains(outer, inner)).toBe(expected)
  })
})

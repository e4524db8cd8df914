// The matcher of scopes (src/core/scope-matcher.ts) over random catalogues: covering is an order, and nothing widens.
import { describe, expect, it } from 'vitest'
import { coversScope } from '../../src/core/scope-grants.ts'
import {
  type HeldScope,
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
import fc from '../support/fc.ts'
import { covers, expectRefused, printScope } from '../support/scopes.ts'

// Few names and ids, so that they meet.
const seg = fc.constantFrom('a', 'b', 'a.b', 'keys', 'platform', 'latchkey')
const scope = fc.array(seg, { minLength: 1, maxLength: 3 }).map((segs) => segs.join(':'))
const id = fc.constantFrom('a', 'A', '1', '...')
const need = fc.oneof(
  scope,
  fc.tuple(scope, id).map(([name, one]) => `${name}#${one}`),
)
const held = fc.oneof(
  need,
  scope.map((name) => `${name}:*`).filter((text) => parseHeld(text) !== null),
)
const entry = fc.oneof(
  fc.constant('Plain'),
  fc.record(
    {
      description: fc.constant('Object'),
      resource: fc.constant(true as const),
      wildcard: fc.constant(false as const),
    },
    { requiredKeys: ['description'] },
  ),
)
const catalogue = fc
  .dictionary(scope, entry, { noNullPrototype: true, maxKeys: 12 })
  .map((own): ScopeCatalogue => ({ ...own, ...reservedScopes }))

describe('for every catalogue', () => {
  it('covering is reflexive', () => {
    check(held, (one, listed) => expect(coversScope(one, one, listed)).toBe(true))
    check(need, (one, listed) => {
      expect(covers(one, one, listed)).toBe(needRefusal(one, listed) === null)
    })
  })

  it('covering is transitive, so that a grant adds nothing', () => {
    check(fc.array(held, { minLength: 3, maxLength: 7 }), (pool, listed) => {
      const needs = [...pool, ...Object.keys(listed)]
      for (const [a, b] of pairs(pool)) {
        if (!coversScope(a, b, listed)) continue
        const lost = pool.filter((c) => coversScope(b, c, listed) && !coversScope(a, c, listed))
        const gained = needs.filter((each) => covers(b, each, listed) && !covers(a, each, listed))
        expect({ a, b, lost, gained }).toEqual({ a, b, lost: [], gained: [] })
      }
    })
  })

  it('a wildcard covers no reserved scope, nor one with wildcard: false', () => {
    const wildcard = scope.map((name) => `${name}:*`)
    check(fc.tuple(wildcard, fc.option(id)), ([one, resourceId], listed) => {
      for (const [name, each] of Object.entries(listed)) {
        const isOpen = !/^(keys|platform|latchkey):/.test(name) && readEntry(each).wildcard
        const isCovered = isOpen && name.startsWith(one.slice(0, -1))
        expect(covers(one, name, listed)).toBe(isCovered)
        expect(coversScope(one, name, listed)).toBe(isCovered)
        if (resourceId === null || isCovered) continue
        expect(coversScope(one, `${name}#${resourceId}`, listed)).toBe(false)
      }
    })
  })

  it('a resource never widens', () => {
    check(fc.tuple(scope, id, held), ([name, one, other], listed) => {
      const own = `${name}#${one}`
      expect(coversScope(own, other, listed)).toBe(other === own)
      expect(covers(own, other, listed)).toBe(
        other === own && listed[name] !== undefined && readEntry(listed[name]).resource,
      )
    })
  })

  it('what is listed as scopes is held whole, what is listed as resources in part', () => {
    check(fc.array(held, { maxLength: 5 }), (own, listed) => {
      const { scopes, resources } = listHeld(own, listed)
      expect(scopes.filter((name) => parseNeed(name)?.kind !== 'whole')).toEqual([])
      expect(new Set(scopes)).toEqual(
        new Set(
          Object.keys(listed).filter((name) => holdsAny([name], listHeld(own, listed), listed)),
        ),
      )
      expect(missingNeeds([...scopes, ...resources], { scopes, resources }, listed)).toEqual([])
      const partial = resources.map((text) => parseNeed(text))
      expect(partial.filter((one) => one?.kind !== 'resource')).toEqual([])
      expect(partial.filter((one) => one && scopes.includes(one.scope))).toEqual([])
      const told = [...scopes, ...resources]
      const again = listHeld(told, listed)
      expect(missingNeeds(told, again, listed)).toEqual([])
      const needed = own.filter((text) => covers(text, text, listed))
      expect(missingNeeds(needed, again, listed)).toEqual([])
    })
  })

  it('a wildcard can be held exactly if it covers a scope', () => {
    check(scope, (name, listed) => {
      const text = `${name}:*`
      const isOfUse = Object.keys(listed).some((each) => covers(text, each, listed))
      expect(heldRefusal(text, listed) === null).toBe(isOfUse)
    })
  })
})

describe('of any text', () => {
  const likeAScope = fc.string({
    unit: fc.constantFrom(...'aA0:*#.-_~% \n'),
    maxLength: 8,
  })

  it('what the grammar refuses is refused everywhere', () => {
    check(fc.tuple(fc.oneof(fc.string(), likeAScope), held), ([text, other], listed) => {
      fc.pre(parseHeld(text) === null)
      expectRefused(text, listed, other)
    })
  })

  it('what the grammar accepts is one of the three forms, and prints as it was', () => {
    const name = '[a-z0-9]+([._-][a-z0-9]+)*(:[a-z0-9]+([._-][a-z0-9]+)*)*'
    const form = new RegExp(
      `^(?!(keys|platform|latchkey):(.*:)?\\*)${name}(:\\*|#(?!\\.{1,2}$)[\\w.~-]+)?$`,
    )
    check(fc.oneof(held, likeAScope, fc.string()), (text) => {
      const parsed = parseHeld(text)
      expect(parsed !== null).toBe(form.test(text))
      if (parsed !== null) expect(printScope(parsed)).toBe(text)
    })
  })

  it('what is printed parses as it was', () => {
    const parsed = fc.oneof(
      scope.map((name): HeldScope => ({ kind: 'whole', scope: name })),
      fc.tuple(scope, id).map(([name, one]) => resource(name, one)),
      scope
        .filter((name) => !/^(keys|platform|latchkey)(:|$)/.test(name))
        .map((name): HeldScope => ({ kind: 'wildcard', prefix: `${name}:` })),
    )
    check(parsed, (one) => expect(parseHeld(printScope(one))).toEqual(one))
  })
})

function pairs(pool: readonly string[]) {
  return pool.flatMap((a) => pool.map((b) => [a, b] as const))
}

function resource(name: string, one: string): HeldScope {
  return { kind: 'resource', scope: name, id: one }
}

function check<T>(
  arbitrary: fc.Arbitrary<T>,
  test: (value: T, listed: ScopeCatalogue) => void,
): void {
  const property = fc.property(arbitrary, catalogue, (value, listed) => {
    test(value, listed)
  })
  fc.assert(property, { numRuns: 1000 })
}

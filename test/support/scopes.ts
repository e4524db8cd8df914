// Expectations about scopes that several tests share.
import { expect } from 'vitest'
import { coversScope, uncoveredScopes } from '../../src/core/scope-grants.ts'
import {
  type HeldScope,
  heldRefusal,
  holds,
  listHeld,
  missingNeeds,
  needRefusal,
  parseNeed,
  type ScopeCatalogue,
} from '../../src/core/scope-matcher.ts'

/** The text that parses to it. */
export function printScope(held: HeldScope): string {
  switch (held.kind) {
    case 'whole':
      return held.scope
    case 'resource':
      return `${held.scope}#${held.id}`
    case 'wildcard':
      return `${held.prefix}*`
  }
}

/** Whether a key that holds `held` has what a request needs. */
export function covers(held: string, need: string, listed: ScopeCatalogue): boolean {
  return holds(listHeld([held], listed), need, listed)
}

/** By every function, also where both sides are the same text. */
export function expectRefused(text: string, listed: ScopeCatalogue, other = 'contacts:*') {
  expect(parseNeed(text)).toBeNull()
  expect(needRefusal(text, listed)).not.toBeNull()
  expect(heldRefusal(text, listed)).not.toBeNull()
  for (const each of [other, text]) {
    expect(coversScope(text, each, listed)).toBe(false)
    expect(coversScope(each, text, listed)).toBe(false)
    expect(covers(text, each, listed)).toBe(false)
    expect(covers(each, text, listed)).toBe(false)
  }
  expect(missingNeeds([text], listHeld([text, other], listed), listed)).toEqual([text])
  expect(uncoveredScopes([text], [text, other], listed)).toEqual([text])
  expect(listHeld([text], listed)).toEqual({ scopes: [], resources: [] })
}

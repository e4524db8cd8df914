// Expectations about scopes that several tests share.
import { expect } from 'vitest'
import {
  covers,
  coversScope,
  heldRefusal,
  listHeld,
  missingNeeds,
  needRefusal,
  parseNeed,
  type ScopeCatalogue,
  uncoveredScopes,
} from '../../src/core/scope-matcher.ts'

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
  expect(missingNeeds([text], [text, other], listed)).toEqual([text])
  expect(uncoveredScopes([text], [text, other], listed)).toEqual([text])
  expect(listHeld([text], listed)).toEqual({ scopes: [], resources: [] })
}

// Which scopes cover which in a grant: what a request needs is decided in scope-matcher.ts.
import {
  type HeldScope,
  isInWildcard,
  parseAll,
  parseHeld,
  type ScopeCatalogue,
} from './scope-matcher.ts'

/** Whether `outer` covers `inner` in a grant: `inner` is a scope, a resource or a wildcard, also one no longer listed. */
export function coversScope(outer: string, inner: string, catalogue: ScopeCatalogue): boolean {
  return uncoveredScopes([inner], [outer], catalogue).length === 0
}

/** What a grant can hold that covers it, itself included: by `coversScope`, of all that could. */
export function scopesThatCover(text: string, catalogue: ScopeCatalogue): string[] {
  const whole = text.split('#', 1)[0] ?? ''
  const wildcards = [...whole.matchAll(/:/g)].map(({ index }) => `${whole.slice(0, index)}:*`)
  return [...new Set([text, whole, ...wildcards])].filter((outer) =>
    coversScope(outer, text, catalogue),
  )
}

/** The scopes of `inner` that none of `outer` covers, in the order of `inner`. */
export function uncoveredScopes(
  inner: readonly string[],
  outer: readonly string[],
  catalogue: ScopeCatalogue,
): string[] {
  const held = parseAll(outer)
  return inner.filter((text) => {
    const one = parseHeld(text)
    return one === null || !held.some((each) => includes(each, one, catalogue))
  })
}

function includes(outer: HeldScope, inner: HeldScope, catalogue: ScopeCatalogue): boolean {
  switch (outer.kind) {
    case 'whole':
      return inner.kind !== 'wildcard' && inner.scope === outer.scope
    case 'resource':
      return inner.kind === 'resource' && inner.scope === outer.scope && inner.id === outer.id
    case 'wildcard':
      if (inner.kind === 'wildcard') return inner.prefix.startsWith(outer.prefix)
      return isInWildcard(inner.scope, outer.prefix, catalogue)
  }
}

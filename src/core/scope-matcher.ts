// Scopes as a key holds them and as a request needs them: their grammar, and which covers which.

/** A scope of the configuration: its description, or an object with the description and its properties. */
export type ScopeEntry =
  | string
  | {
      description: string
      /** A key may hold it for one resource: `contacts:read#42`. */
      resource?: true
      /** No wildcard covers it. */
      wildcard?: false
    }

/** Scope → entry. Read with `Object.hasOwn` only: `constructor` is a valid scope name. */
export type ScopeCatalogue = Record<string, ScopeEntry>

export type NeededScope =
  | { kind: 'whole'; scope: string }
  /** `scope#id` */
  | { kind: 'resource'; scope: string; id: string }

/** `x:*` has the prefix `x:`. */
export type HeldScope = NeededScope | { kind: 'wildcard'; prefix: string }

/** The scopes of these prefixes are Latchkey's own: a wildcard would add to them with each version. */
const ownPrefixes = ['keys:', 'platform:', 'latchkey:']

/** seg(:seg)*, seg = [a-z0-9]+([._-][a-z0-9]+)*, 64 letters at most. */
export function isScopeName(text: string): boolean {
  return text.length <= 64 && /^[a-z0-9]+([:._-][a-z0-9]+)*$/.test(text)
}

export function isResourceId(text: string): boolean {
  return /^[A-Za-z0-9._~-]{1,128}$/.test(text) && text !== '.' && text !== '..'
}

/** A need by its grammar, whatever the catalogue lists; null when it is malformed. A wildcard is no need. */
export function parseNeed(text: string): NeededScope | null {
  const at = text.indexOf('#')
  if (at === -1) return isScopeName(text) ? { kind: 'whole', scope: text } : null
  const scope = text.slice(0, at)
  const id = text.slice(at + 1)
  return isScopeName(scope) && isResourceId(id) ? { kind: 'resource', scope, id } : null
}

/** As `parseNeed`, for what a key, a role or `may_grant` holds. */
export function parseHeld(text: string): HeldScope | null {
  if (!text.endsWith(':*')) return parseNeed(text)
  const prefix = text.slice(0, -1)
  if (!isScopeName(text.slice(0, -2)) || isOwn(prefix)) return null
  return { kind: 'wildcard', prefix }
}

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

/** Both forms of an entry as one. */
export function readEntry(entry: ScopeEntry) {
  const {
    description,
    resource = false,
    wildcard = true,
  } = typeof entry === 'string' ? { description: entry } : entry
  return { description, resource, wildcard }
}

/** Why the catalogue cannot have this entry, without a full stop; null when it can. */
export function entryRefusal(entry: ScopeEntry): string | null {
  const { description, resource, wildcard, ...rest } = readUnknown(entry)
  if (typeof description !== 'string' || !description.trim()) return 'has no description'
  // A mistyped value must not leave a scope open to wildcards.
  if (resource !== undefined && resource !== true) return 'may have only `resource: true`'
  if (wildcard !== undefined && wildcard !== false) return 'may have only `wildcard: false`'
  const [unknown] = Object.keys(rest)
  return unknown === undefined ? null : `has the unknown setting "${unknown}"`
}

/** Why nothing can need this, without a full stop; null when it can. */
export function needRefusal(text: string, catalogue: ScopeCatalogue): string | null {
  const need = parseNeed(text)
  if (need !== null) return unlistedRefusal(need, catalogue)
  return parseHeld(text) === null ? 'No such scope' : 'A wildcard can be held but not needed'
}

/** Why nothing can hold this, without a full stop; null when it can. */
export function heldRefusal(text: string, catalogue: ScopeCatalogue): string | null {
  const held = parseHeld(text)
  if (held === null) {
    const isOwnWildcard = text.endsWith(':*') && isOwn(text)
    return isOwnWildcard ? `No wildcard covers ${ownPrefixes.join(', ')}` : 'No such scope'
  }
  if (held.kind !== 'wildcard') return unlistedRefusal(held, catalogue)
  return heldWhole(held, catalogue).length === 0 ? 'The wildcard covers no scope' : null
}

/** Whether `outer` covers `inner` in a grant: `inner` is a scope, a resource or a wildcard, also one no longer listed. */
export function coversScope(outer: string, inner: string, catalogue: ScopeCatalogue): boolean {
  return uncoveredScopes([inner], [outer], catalogue).length === 0
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

/** Whether a key that holds `held` has what a request needs. */
export function covers(held: string, need: string, catalogue: ScopeCatalogue): boolean {
  return holdsAny([need], [held], catalogue)
}

/** The needs that none of `held` covers, in the order of `needed`. One that nothing can need is always missing. */
export function missingNeeds(
  needed: readonly string[],
  held: readonly string[],
  catalogue: ScopeCatalogue,
): string[] {
  const parsed = parseAll(held)
  return needed.filter((text) => !isHeld(text, parsed, catalogue))
}

/** Whether any of the needs suffices: none does in an empty list. */
export function holdsAny(
  anyOf: readonly string[],
  held: readonly string[],
  catalogue: ScopeCatalogue,
): boolean {
  const parsed = parseAll(held)
  return anyOf.some((text) => isHeld(text, parsed, catalogue))
}

/**
 * What is told to others: in `scopes` the names that are held whole, in `resources` what is held beyond them. What the
 * catalogue no longer lists is not held.
 */
export function listHeld(
  held: readonly string[],
  catalogue: ScopeCatalogue,
): { scopes: string[]; resources: string[] } {
  const parsed = parseAll(held)
  const scopes = new Set(parsed.flatMap((each) => heldWhole(each, catalogue)))
  const isBeyond = (each: HeldScope) =>
    each.kind === 'resource' && takesResource(each.scope, catalogue) && !scopes.has(each.scope)
  return { scopes: [...scopes], resources: [...new Set(parsed.filter(isBeyond).map(printScope))] }
}

/**
 * The needs of a route, any of which suffices; null for an encoded segment, which servers could decode to different ids.
 * @param segment the raw path segment of the route's resource; null for a route without one.
 */
export function needsOfRoute(
  scope: string | readonly string[],
  segment: string | null,
  catalogue: ScopeCatalogue,
): string[] | null {
  const scopes = typeof scope === 'string' ? [scope] : [...scope]
  if (segment?.includes('%')) return null
  // No key can hold another segment as a resource, but a key with the whole scope may use it.
  if (segment === null || !isResourceId(segment)) return scopes
  return scopes.map((each) => (takesResource(each, catalogue) ? `${each}#${segment}` : each))
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

function isInWildcard(scope: string, prefix: string, catalogue: ScopeCatalogue): boolean {
  const entry = entryOf(scope, catalogue)
  return entry !== null && scope.startsWith(prefix) && readEntry(entry).wildcard
}

function isHeld(text: string, held: readonly HeldScope[], catalogue: ScopeCatalogue): boolean {
  const need = parseNeed(text)
  if (need === null || unlistedRefusal(need, catalogue) !== null) return false
  return held.some((each) => includes(each, need, catalogue))
}

/** The names of the catalogue that are held whole. */
function heldWhole(held: HeldScope, catalogue: ScopeCatalogue): string[] {
  if (held.kind === 'resource') return []
  if (held.kind === 'whole') return Object.hasOwn(catalogue, held.scope) ? [held.scope] : []
  return Object.keys(catalogue).filter((scope) => isInWildcard(scope, held.prefix, catalogue))
}

function unlistedRefusal(need: NeededScope, catalogue: ScopeCatalogue): string | null {
  if (!Object.hasOwn(catalogue, need.scope)) return 'No such scope'
  if (need.kind === 'whole' || takesResource(need.scope, catalogue)) return null
  return `The scope ${need.scope} takes no resource`
}

function takesResource(scope: string, catalogue: ScopeCatalogue): boolean {
  const entry = entryOf(scope, catalogue)
  return entry !== null && readEntry(entry).resource
}

function entryOf(scope: string, catalogue: ScopeCatalogue): ScopeEntry | null {
  return Object.hasOwn(catalogue, scope) ? (catalogue[scope] ?? null) : null
}

function parseAll(texts: readonly string[]): HeldScope[] {
  return texts.map(parseHeld).filter((held) => held !== null)
}

function isOwn(text: string): boolean {
  return ownPrefixes.some((prefix) => text.startsWith(prefix))
}

function readUnknown(entry: unknown): Record<string, unknown> {
  if (typeof entry === 'object' && entry !== null) return { ...entry }
  return { description: entry }
}

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

/**
 * What is told to others: in `scopes` the names that are held whole, in `resources` what is held beyond them. What the
 * catalogue no longer lists is not held.
 */
export type ListedScopes = { scopes: readonly string[]; resources: readonly string[] }

export function listHeld(held: readonly string[], catalogue: ScopeCatalogue): ListedScopes {
  // The common case, on the way of every verification: plain names, each of which is held as it stands.
  if (held.every((text) => Object.hasOwn(catalogue, text))) return { scopes: held, resources: [] }
  const scopes = new Set(parseAll(held).flatMap((each) => heldWhole(each, catalogue)))
  const isBeyond = (text: string) => {
    const need = parseNeed(text)
    return (
      need?.kind === 'resource' && takesResource(need.scope, catalogue) && !scopes.has(need.scope)
    )
  }
  return { scopes: [...scopes], resources: [...new Set(held.filter(isBeyond))] }
}

/** Whether these powers have what a request needs. What nothing can need is never held. */
export function holds(held: ListedScopes, need: string, catalogue: ScopeCatalogue): boolean {
  // A name of the catalogue is no resource, and a resource no name of the catalogue.
  if (held.scopes.includes(need)) return true
  const parsed = parseNeed(need)
  if (parsed?.kind !== 'resource' || !takesResource(parsed.scope, catalogue)) return false
  return held.scopes.includes(parsed.scope) || held.resources.includes(need)
}

/** The needs that are not held, in the order of `needed`. */
export function missingNeeds(
  needed: readonly string[],
  held: ListedScopes,
  catalogue: ScopeCatalogue,
): string[] {
  return needed.filter((need) => !holds(held, need, catalogue))
}

/** Whether any of the needs suffices: none does in an empty list. */
export function holdsAny(
  anyOf: readonly string[],
  held: ListedScopes,
  catalogue: ScopeCatalogue,
): boolean {
  return anyOf.some((need) => holds(held, need, catalogue))
}

export function isInWildcard(scope: string, prefix: string, catalogue: ScopeCatalogue): boolean {
  return scope.startsWith(prefix) && entryOf(scope, catalogue)?.wildcard === true
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

export function takesResource(scope: string, catalogue: ScopeCatalogue): boolean {
  return entryOf(scope, catalogue)?.resource === true
}

function entryOf(scope: string, catalogue: ScopeCatalogue) {
  const entry = Object.hasOwn(catalogue, scope) ? catalogue[scope] : undefined
  return entry === undefined ? null : readEntry(entry)
}

export function parseAll(texts: readonly string[]): HeldScope[] {
  return texts.map(parseHeld).filter((held) => held !== null)
}

function isOwn(text: string): boolean {
  return ownPrefixes.some((prefix) => text.startsWith(prefix))
}

function readUnknown(entry: unknown): Record<string, unknown> {
  if (typeof entry === 'object' && entry !== null) return { ...entry }
  return { description: entry }
}

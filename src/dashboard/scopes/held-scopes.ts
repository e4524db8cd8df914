// What a key holds, as the API writes it: a scope, a scope for one resource (`contacts:read#42`), or a wildcard
// (`contacts:*`). Pure.
import type { Scope } from './api.ts'

/** `id`: null for what is no scope of one resource. */
export function splitHeld(held: string): { scope: string; id: string | null } {
  const at = held.indexOf('#')
  return at === -1
    ? { scope: held, id: null }
    : { scope: held.slice(0, at), id: held.slice(at + 1) }
}

/** Latchkey's own scopes: no wildcard covers them. */
const ownPrefix = /^(keys|platform|latchkey):/

/** The wildcards that cover something, in the order of the catalogue. */
export function wildcardsOf(catalogue: readonly Scope[]): string[] {
  const coverable = catalogue.filter(({ wildcard, scope }) => wildcard && !ownPrefix.test(scope))
  const wildcards = coverable.flatMap(({ scope }) =>
    [...scope.matchAll(/:/g)].map(({ index }) => `${scope.slice(0, index)}:*`),
  )
  return [...new Set(wildcards)]
}

/** What the wildcard covers now; nothing for what is no wildcard. */
export function coveredBy(wildcard: string, catalogue: readonly Scope[]): Scope[] {
  if (!wildcardsOf(catalogue).includes(wildcard)) return []
  const prefix = wildcard.slice(0, -1)
  return catalogue.filter(
    ({ wildcard: isCoverable, scope }) => isCoverable && scope.startsWith(prefix),
  )
}

/** Whether it has an effect in the current catalogue. */
export function isListed(held: string, catalogue: readonly Scope[]): boolean {
  const { scope: name, id } = splitHeld(held)
  if (coveredBy(held, catalogue).length > 0) return true
  return catalogue.some(({ scope, resource }) => scope === name && (id === null || resource))
}

/** What the names alone do not say, in sentences. */
export function heldNotes(held: readonly string[], catalogue: readonly Scope[]): string[] {
  const gone = held.filter((each) => !isListed(each, catalogue))
  const listed = held.filter((each) => !gone.includes(each))
  const limited = new Set(
    listed.map(splitHeld).flatMap(({ scope, id }) => (id === null ? [] : scope)),
  )
  const isWhole = (scope: string) =>
    listed.some(
      (each) => each === scope || coveredBy(each, catalogue).some((one) => one.scope === scope),
    )
  return [
    ...listed.flatMap((each) => wildcardNote(each, coveredBy(each, catalogue))),
    ...[...limited]
      .filter((scope) => !isWhole(scope))
      .map((scope) => `${scope} covers only the resources whose IDs follow the #.`),
    ...(gone.length > 0
      ? [`Without effect, since no scope has this name: ${gone.join(', ')}.`]
      : []),
  ]
}

const list = new Intl.ListFormat('en')

function wildcardNote(wildcard: string, covered: readonly Scope[]): string[] {
  if (covered.length === 0) return []
  return [
    `${wildcard} covers ${list.format(covered.map(({ scope }) => scope))}, and scopes to come.`,
  ]
}

// The scopes that are selected in a form, as the API writes them. What is typed as IDs of a scope stands in them line
// by line, also an empty line, so that an unfinished input is no other grant. Pure.
import { splitHeld } from './held-scopes.ts'

export type Selection = readonly string[]

export type Extent = 'none' | 'all' | 'certain'

/** How much of a scope is selected. The whole scope covers each of its resources. */
export function extentOf(scope: string, selected: Selection): Extent {
  if (selected.includes(scope)) return 'all'
  return linesOf(scope, selected).length > 0 ? 'certain' : 'none'
}

export function withExtent(scope: string, extent: Extent, selected: Selection): Selection {
  const others = selected.filter((held) => splitHeld(held).scope !== scope)
  if (extent === 'none') return others
  return [...others, extent === 'all' ? scope : `${scope}#`]
}

export function idsText(scope: string, selected: Selection): string {
  return linesOf(scope, selected).join('\n')
}

export function withIds(scope: string, text: string, selected: Selection): Selection {
  const others = selected.filter((held) => splitHeld(held).scope !== scope)
  return [...others, ...text.split('\n').map((line) => `${scope}#${line}`)]
}

/** Each once, and IDs without the space and commas around them. */
export function heldOf(selected: Selection): string[] {
  return [...new Set(selected.flatMap(entriesOf))]
}

/** Why the IDs of a scope are not valid. */
export function idsError(scope: string, selected: Selection): string | undefined {
  const lines = linesOf(scope, selected)
  if (lines.length === 0) return undefined
  const ids = lines.flatMap(idsOf)
  if (ids.length === 0) return `Enter at least one ID for ${scope}`
  const invalid = ids.find((id) => !isId(id))
  return invalid && `“${invalid}” is not an ID: use up to 128 letters, digits and . _ ~ -`
}

export function selectionError(selected: Selection): string | undefined {
  const scopes = selected.map(splitHeld).flatMap(({ scope, id }) => (id === null ? [] : scope))
  return scopes.map((scope) => idsError(scope, selected)).find((error) => error !== undefined)
}

function linesOf(scope: string, selected: Selection): string[] {
  return selected
    .map(splitHeld)
    .flatMap(({ scope: name, id }) => (name === scope && id !== null ? id : []))
}

function entriesOf(held: string): string[] {
  const { scope, id } = splitHeld(held)
  return id === null ? [held] : idsOf(id).map((each) => `${scope}#${each}`)
}

function idsOf(line: string): string[] {
  return line.split(/[\s,]+/).filter(Boolean)
}

function isId(text: string): boolean {
  return /^[A-Za-z0-9._~-]{1,128}$/.test(text) && text !== '.' && text !== '..'
}

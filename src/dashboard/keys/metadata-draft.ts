// The metadata of a key as a person types it. Pure.

export const metadataText = (metadata: object | null) =>
  metadata === null ? '' : JSON.stringify(metadata, null, 2)

/** Nothing is no metadata. */
export function metadataOf(text: string): Record<string, unknown> | null {
  const read = readMetadata(text)
  return 'value' in read ? read.value : null
}

export function metadataError(text: string): string | undefined {
  const read = readMetadata(text)
  return 'error' in read ? read.error : undefined
}

type Reading = { value: Record<string, unknown> | null } | { error: string }

function readMetadata(text: string): Reading {
  if (text.trim() === '') return { value: null }
  const rounded: string[] = []
  try {
    const value: unknown = JSON.parse(text, lookForRounded(rounded) as Reviver)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { error: 'Enter a JSON object, such as {"plan": "gold"}' }
    }
    const [number] = rounded
    if (number !== undefined)
      return { error: `Put ${number.slice(0, 40)} in quotes: it has too many digits` }
    return { value: value as Record<string, unknown> }
  } catch {
    return { error: 'This is not JSON. It looks like {"plan": "gold"}' }
  }
}

type Reviver = Parameters<typeof JSON.parse>[1]

/** A number that this browser would send as another one; one without the source of a literal cannot tell. */
const lookForRounded =
  (rounded: string[]) =>
  (_: string, value: unknown, { source = '' }: { source?: string } = {}) => {
    const isRounded = typeof value === 'number' && source.length > 15 && source !== String(value)
    if (isRounded) rounded.push(source)
    return value
  }

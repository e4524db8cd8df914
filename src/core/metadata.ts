// Limits for the metadata of a key, which is part of every record and every webhook.

export const maxMetadataBytes = 4_096
export const maxMetadataDepth = 8

/** Why the metadata (a JSON object) is invalid; null when it is valid. */
export function metadataError(metadata: Record<string, unknown>): string | null {
  if (depthOf(metadata) > maxMetadataDepth) return `Nested more than ${maxMetadataDepth} deep`
  const bytes = new TextEncoder().encode(JSON.stringify(metadata)).byteLength
  return bytes > maxMetadataBytes ? `At most ${maxMetadataBytes} bytes as JSON` : null
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return (
    1 +
    Object.values(value).reduce<number>((deepest, inner) => Math.max(deepest, depthOf(inner)), 0)
  )
}

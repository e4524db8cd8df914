// Ids are UUIDs: accepted in any case, stored and answered in lower case (RFC 9562 4).

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The id in lower case; null for what is no UUID. */
export function readId(text: string): string | null {
  if (text.length !== 36) return null
  const id = text.toLowerCase()
  return uuid.test(id) ? id : null
}

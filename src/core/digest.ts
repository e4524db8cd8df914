// Parses SHA-256 digests in the encodings that other systems use.

/** The digest as 64 lower-case hex digits; null for text that is no SHA-256 in hex, base64 or base64url. */
export function readDigest(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  // 32 bytes are 43 letters, and padding that base64url omits.
  const letters = /^([\w+/-]{43})=?$/.exec(text)?.[1]
  if (letters === undefined) return null
  const base64 = `${letters.replaceAll('-', '+').replaceAll('_', '/')}=`
  try {
    // The last letter has two spare bits: accepting any would give one digest four encodings.
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' }).toHex()
  } catch {
    return null
  }
}

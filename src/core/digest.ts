// A SHA-256 digest as other systems write it.

/** The digest as 64 lower-case hex letters, or null for what is no SHA-256 in hex, base64 or base64url. */
export function readDigest(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  // 32 bytes are 43 letters, and a padding that base64url leaves out.
  const letters = /^([\w+/-]{43})=?$/.exec(text)?.[1]
  if (letters === undefined) return null
  const base64 = `${letters.replaceAll('-', '+').replaceAll('_', '/')}=`
  try {
    // Strict: two bits are left over in the last letter, and one digest must not have four names.
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' }).toHex()
  } catch {
    return null
  }
}

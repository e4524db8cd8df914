// ECDSA signatures in DER, as OpenSSL and GitHub write them, and as Web Crypto wants them.

/** Bytes of each of the two numbers of a P-256 signature. */
const width = 32

/**
 * The signature as r || s (IEEE P1363), or null for anything but SEQUENCE { INTEGER r, INTEGER s } in the
 * one encoding that DER allows (X.690 8.3, 10.1), with both numbers of at most 256 bits.
 */
export function derToP1363(der: Uint8Array): Uint8Array<ArrayBuffer> | null {
  // Two numbers of at most 33 bytes: every length is one byte below 0x80.
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return null
  const r = readInteger(der, 2)
  if (r === null) return null
  const s = readInteger(der, r.end)
  if (s === null || s.end !== der.length) return null
  const plain = new Uint8Array(2 * width)
  plain.set(r.bytes, width - r.bytes.length)
  plain.set(s.bytes, 2 * width - s.bytes.length)
  return plain
}

function readInteger(der: Uint8Array, start: number): { bytes: Uint8Array; end: number } | null {
  const [tag, length = 0, first = 0, second = 0] = der.subarray(start)
  const end = start + 2 + length
  if (tag !== 0x02 || length === 0 || end > der.length) return null
  // A set first bit means a negative number; a zero before an unset one is one byte too many.
  if (first >= 0x80 || (first === 0 && length > 1 && second < 0x80)) return null
  const bytes = der.subarray(first === 0 ? start + 3 : start + 2, end)
  return bytes.length > width ? null : { bytes, end }
}

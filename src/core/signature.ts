// Converts ECDSA P-256 signatures from DER, as OpenSSL and GitHub encode them, to the form that Web Crypto
// takes.

/** Bytes of r and of s. */
const width = 32

/**
 * The signature as r || s (IEEE P1363); null unless it is SEQUENCE { INTEGER r, INTEGER s } in the only
 * encoding that DER allows (X.690 8.3, 10.1), with r and s of at most 256 bits.
 */
export function derToP1363(der: Uint8Array): Uint8Array<ArrayBuffer> | null {
  // r and s have at most 33 bytes, so every length is a single byte below 0x80.
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return null
  const r = readInteger(der, 2)
  if (r === null) return null
  const s = readInteger(der, r.end)
  if (s === null || s.end !== der.length) return null
  const signature = new Uint8Array(2 * width)
  signature.set(r.bytes, width - r.bytes.length)
  signature.set(s.bytes, 2 * width - s.bytes.length)
  return signature
}

function readInteger(der: Uint8Array, start: number): { bytes: Uint8Array; end: number } | null {
  const [tag, length = 0, first = 0, second = 0] = der.subarray(start)
  const end = start + 2 + length
  if (tag !== 0x02 || length === 0 || end > der.length) return null
  // A first byte from 0x80 is a negative number; 0x00 before a byte below 0x80 is not minimal.
  if (first >= 0x80 || (first === 0 && length > 1 && second < 0x80)) return null
  const bytes = der.subarray(first === 0 ? start + 3 : start + 2, end)
  return bytes.length > width ? null : { bytes, end }
}

// Recovery codes: what a person has left who lost their second factors. Four groups of four letters, 80 bits.
import type { RandomBytes } from './token.ts'

export const recoveryCodeCount = 10

/** Crockford's base32: without letters that look like others. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const length = 16

/** `xxxx-xxxx-xxxx-xxxx`. */
export function mintRecoveryCode(randomBytes: RandomBytes): string {
  // Of a byte, 32 letters take five bits.
  const letters = Array.from(randomBytes(new Uint8Array(length)), (byte) => alphabet[byte & 31])
  return letters.join('').replaceAll(/(.{4})(?!$)/g, '$1-')
}

/** The code as people copy it: in any case, with other separators, with letters for the digits they look like. */
export function readRecoveryCode(text: string): string | null {
  const letters = text
    .toLowerCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1')
  const isCode = letters.length === length && [...letters].every((each) => alphabet.includes(each))
  return isCode ? letters : null
}

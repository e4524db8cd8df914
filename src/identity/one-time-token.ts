// Tokens of links that work once.
import { digestOf } from '../core/token.ts'

const bytes = 32

/** 256 random bits, of which only the digest is stored. */
export async function newOneTimeToken(): Promise<{ token: string; digest: string }> {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  const token = random.toBase64({ alphabet: 'base64url', omitPadding: true })
  return { token, digest: await digestOf(token) }
}

// Encryption at rest for secrets that must be readable again: AES-256-GCM with keys derived from the
// deployment's secrets.
import type { RandomBytes } from './token.ts'

const utf8 = new TextEncoder()
const ivBytes = 12

/**
 * Derives keys by HKDF (RFC 5869), different ones for each purpose.
 * @param secrets newest first: `seal` uses the first, `unseal` tries each.
 */
export async function sealingKeys(
  secrets: readonly string[],
  purpose: string,
): Promise<CryptoKey[]> {
  return Promise.all(secrets.map((secret) => deriveKey(secret, purpose)))
}

async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const input = await crypto.subtle.importKey('raw', utf8.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  const info = utf8.encode(`latchkey/${purpose}/v1`)
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  const aes = { name: 'AES-GCM', length: 256 }
  return crypto.subtle.deriveKey(hkdf, input, aes, false, ['encrypt', 'decrypt'])
}

/**
 * Base64url of iv + ciphertext.
 * @param owner authenticated, not stored: a value that is moved to another row cannot be unsealed.
 */
export async function seal(
  [newest]: readonly CryptoKey[],
  text: string,
  owner: string,
  randomBytes: RandomBytes,
): Promise<string> {
  if (newest === undefined) throw new Error('There is no key to seal with.')
  const iv = randomBytes(new Uint8Array(ivBytes))
  const sealed = await crypto.subtle.encrypt(aesGcm(iv, owner), newest, utf8.encode(text))
  const whole = new Uint8Array([...iv, ...new Uint8Array(sealed)])
  return whole.toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** The sealed text. @throws Error when none of the keys decrypts it for this owner. */
export async function unseal(
  keys: readonly CryptoKey[],
  sealed: string,
  owner: string,
): Promise<string> {
  const whole = Uint8Array.fromBase64(sealed, { alphabet: 'base64url' })
  const algorithm = aesGcm(whole.slice(0, ivBytes), owner)
  for (const key of keys) {
    const opened = await crypto.subtle
      .decrypt(algorithm, key, whole.slice(ivBytes))
      .catch(() => null)
    if (opened !== null) return new TextDecoder().decode(opened)
  }
  throw new Error('None of the keys decrypts a sealed secret: was a secret removed too early?')
}

function aesGcm(iv: Uint8Array<ArrayBuffer>, owner: string) {
  return { name: 'AES-GCM', iv, additionalData: utf8.encode(owner) }
}

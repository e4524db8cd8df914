// Secrets that must be read again, encrypted at rest: AES-256-GCM under keys derived from the deployment's
// own secrets. Randomness is handed in.
import type { RandomBytes } from './token.ts'

const utf8 = new TextEncoder()
const ivBytes = 12

/**
 * Keys for one purpose by HKDF (RFC 5869), so that no two purposes share one.
 * @param secrets newest first, comma-separated: sealing uses the first, opening tries each.
 */
export async function sealingKeys(secrets: string, purpose: string): Promise<CryptoKey[]> {
  const parts = secrets.split(',').flatMap((part) => part.trim() || [])
  if (parts.length === 0) throw new Error('There is no secret to derive a key from.')
  return Promise.all(parts.map((secret) => derived(secret, purpose)))
}

async function derived(secret: string, purpose: string): Promise<CryptoKey> {
  const input = await crypto.subtle.importKey('raw', utf8.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  const info = utf8.encode(`latchkey/${purpose}/v1`)
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  const aes = { name: 'AES-GCM', length: 256 }
  return crypto.subtle.deriveKey(hkdf, input, aes, false, ['encrypt', 'decrypt'])
}

/** Base64url of iv + ciphertext. It opens for the same `owner` alone: moved to another row, it is void. */
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

/** What was sealed. @throws Error when none of the keys opens it for this owner. */
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
  throw new Error(
    'A sealed secret opens under none of the keys: was a secret taken away too early?',
  )
}

function aesGcm(iv: Uint8Array<ArrayBuffer>, owner: string) {
  return { name: 'AES-GCM', iv, additionalData: utf8.encode(owner) }
}

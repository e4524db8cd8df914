// HMAC-SHA256 under keys derived from the deployment's secrets: for short secrets that are compared and never read again,
// and for what we hand out and recognise again.
const utf8 = new TextEncoder()

/**
 * Derives keys by HKDF (RFC 5869), different ones for each purpose.
 * @param secrets newest first: hash with the first, and accept hashes of each.
 */
export async function hashKeys(secrets: readonly string[], purpose: string): Promise<CryptoKey[]> {
  return Promise.all(secrets.map((secret) => deriveKey(secret, purpose)))
}

async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const input = await crypto.subtle.importKey('raw', utf8.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  const info = utf8.encode(`latchkey/${purpose}/v1`)
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 }
  return crypto.subtle.deriveKey(hkdf, input, hmac, false, ['sign', 'verify'])
}

export async function keyedHash(key: CryptoKey, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(text)))
}

/** Whether one of the keys made the hash of this text; in constant time. */
export async function isKeyedHash(
  keys: readonly CryptoKey[],
  hash: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<boolean> {
  for (const key of keys) {
    if (await crypto.subtle.verify('HMAC', key, hash, utf8.encode(text))) return true
  }
  return false
}

// Minting, tag and digest of tokens. Random bytes are passed in.
import { alphabets, type Format, type ShapedToken } from './format.ts'
import { readSecretList } from './secrets.ts'

/** Fills the array with random bytes and returns it, as `crypto.getRandomValues` does. */
export type RandomBytes = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

const utf8 = new TextEncoder()

/**
 * The HMAC keys for tags.
 * @param secrets the list TAG_SECRETS, newest first: minting uses the first, checking accepts each.
 * @throws Error when the list is empty or malformed.
 */
export async function importTagKeys(secrets: string): Promise<CryptoKey[]> {
  return Promise.all(readSecretList('TAG_SECRETS', secrets).map(importTagKey))
}

function importTagKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', utf8.encode(secret), algorithm, false, ['sign'])
}

/** A new token of the format, tagged with the newest key. @throws Error when there is no key. */
export async function mintToken(
  format: Format,
  tagKeys: readonly CryptoKey[],
  randomBytes: RandomBytes,
): Promise<string> {
  const [newest] = tagKeys
  if (newest === undefined) throw new Error('There is no tag secret to mint a token with.')
  const random = randomLetters(format, format.length - format.tagLength, randomBytes)
  const untagged = format.prefix + random
  return untagged + (await tagOf(untagged, format, newest))
}

/** Uniformly distributed letters: bytes above the last multiple of the alphabet's size are rejected. */
function randomLetters({ alphabet }: Format, count: number, randomBytes: RandomBytes): string {
  const letters = alphabets[alphabet]
  const limit = 256 - (256 % letters.length)
  let text = ''
  while (text.length < count) {
    for (const byte of randomBytes(new Uint8Array(count - text.length))) {
      if (byte < limit) text += letters.charAt(byte % letters.length)
    }
  }
  return text
}

/**
 * The tag: HMAC-SHA256 of prefix + random part, truncated, in the format's alphabet. Hex has two letters
 * for each byte, base62 one.
 */
export async function tagOf(untagged: string, format: Format, key: CryptoKey): Promise<string> {
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(untagged)))
  if (format.alphabet === 'hex') return mac.toHex().slice(0, format.tagLength)
  const letters = alphabets[format.alphabet]
  let tag = ''
  for (const byte of mac.subarray(0, format.tagLength)) tag += letters.charAt(byte % letters.length)
  return tag
}

/** Whether the tag matches under any of the keys: this deployment minted the token. */
export async function isGenuine(
  { token, format }: ShapedToken,
  tagKeys: readonly CryptoKey[],
): Promise<boolean> {
  const untagged = token.slice(0, -format.tagLength)
  const presented = token.slice(-format.tagLength)
  for (const key of tagKeys) {
    if (isSame(presented, await tagOf(untagged, format, key))) return true
  }
  return false
}

/** Takes the same time wherever two strings of one length differ. */
function isSame(left: string, right: string): boolean {
  let difference = left.length ^ right.length
  for (let at = 0; at < left.length; at++) difference |= left.charCodeAt(at) ^ right.charCodeAt(at)
  return difference === 0
}

/** The stored form of a token: SHA-256 of the whole token, as 64 lower-case hex digits. */
export async function digestOf(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(token))).toHex()
}

// Device cookies. A browser that has signed in with an e-mail address gets a cookie for it, and its attempts are
// counted separately: an attacker who guesses passwords uses up the attempts of unknown devices, not those of the
// owner (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
import { ownCookie } from './cookies.ts'

const lifetimeSeconds = 400 * 24 * 60 * 60

export type DeviceSettings = { baseUrl: string; authSecrets: readonly string[] }

const cookieOf = (baseUrl: string) => ownCookie(baseUrl, 'device')

/** The id of the device, if its cookie was issued by this deployment for this e-mail address. */
export async function knownDevice(
  headers: Headers,
  email: string,
  { baseUrl, authSecrets }: DeviceSettings,
): Promise<string | null> {
  const value = cookieOf(baseUrl).read(headers)
  const [, device, tag] = /^([0-9a-f-]{36})\.([0-9a-f]{64})$/.exec(value) ?? []
  if (device === undefined || tag === undefined) return null
  for (const secret of authSecrets) {
    if (await isTag(tag, secret, device, email)) return device
  }
  return null
}

/** The `Set-Cookie` for a device on which this e-mail address has signed in. */
export async function deviceCookie(
  device: string,
  email: string,
  { baseUrl, authSecrets: [secret = ''] }: DeviceSettings,
): Promise<string> {
  const tag = await crypto.subtle.sign('HMAC', await keyOf(secret), textOf(device, email))
  const value = `${device}.${new Uint8Array(tag).toHex()}`
  return cookieOf(baseUrl).line(value, lifetimeSeconds, 'Strict')
}

async function isTag(tag: string, secret: string, device: string, email: string) {
  const bytes = Uint8Array.fromHex(tag)
  return crypto.subtle.verify('HMAC', await keyOf(secret), bytes, textOf(device, email))
}

function keyOf(secret: string): Promise<CryptoKey> {
  const raw = new TextEncoder().encode(`latchkey device ${secret}`)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', raw, algorithm, false, ['sign', 'verify'])
}

function textOf(device: string, email: string): Uint8Array {
  return new TextEncoder().encode(`${device} ${email}`)
}

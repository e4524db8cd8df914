// Limits password guesses at sign-in. Better Auth counts by IP address; this module counts by e-mail address
// over all clients, and known devices separately.

import { deviceCookie, knownDevice } from '../../../identity/known-device.ts'
import type { PeopleSettings } from '../../../identity/settings.ts'
import { countAttempt, uncountAttempt } from '../../../storage/attempts.ts'
import { Problem } from '../../response/problem.ts'

const windowMs = 15 * 60_000
/** Attempts for an e-mail address, as a multiple of the attempts for an IP address. */
const shareOfAddress = 3

export type Entry = {
  /** Records the correct password. @returns the cookie that identifies the device. */
  succeeded(): Promise<string>
}

/** Counts an attempt to sign in; null for a body without an e-mail address. @throws Problem 429 */
export async function enterSignIn(
  request: Request,
  settings: PeopleSettings,
  now: number,
): Promise<Entry | null> {
  const email = await emailOf(request)
  if (email === null) return null
  const known = await knownDevice(request.headers, email, settings)
  // The address is stored as a digest, and an unknown one is counted like any other.
  const key = known === null ? `email/${await digest(email)}` : `device/${known}`
  const allowance = { max: settings.signInPerMinute * shareOfAddress, windowMs }
  const seconds = await countAttempt(settings.db, key, allowance, now)
  if (seconds !== null) throw tooMany(seconds)
  return {
    async succeeded() {
      await uncountAttempt(settings.db, key)
      return deviceCookie(known ?? crypto.randomUUID(), email, settings)
    },
  }
}

export function tooMany(seconds: number): Problem {
  const detail = 'Too many attempts. Browsers that have signed in here before are counted apart.'
  return new Problem('rate_limited', { detail, headers: { 'retry-after': String(seconds) } })
}

async function emailOf(request: Request): Promise<string | null> {
  const body: unknown = await request
    .clone()
    .json()
    .catch(() => null)
  const { email } = (body ?? {}) as { email?: unknown }
  return typeof email === 'string' && email.length <= 254 ? email.trim().toLowerCase() : null
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return new Uint8Array(bytes).toHex()
}

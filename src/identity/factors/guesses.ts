// How often the codes of a person may be guessed at. A code is counted before it is tried, by person and not by network:
// whoever guesses at one has the password, or a session, already.
import { networkOf } from '../../core/address.ts'
import type { Counter } from '../../storage/attempts.ts'

const windowMs = 15 * 60_000
const dayMs = 24 * 60 * 60_000
const maxInWindow = 10
/** Three of a million codes are right at a time: in a year of guessing, one of twenty persons would be met. */
const maxInDay = 50

/**
 * A browser that has completed a sign-in before has a count of its own, so that who knows the password cannot lock its
 * owner out of it (known-device.ts).
 */
export function totpCounters(userId: string, device: string | null): Counter[] {
  return codeCounters(`totp/${device === null ? userId : `${userId}/${device}`}`)
}

/** Apart from those of sign-in, which a stolen session must not use up. */
export function stepUpCounters(userId: string): Counter[] {
  return codeCounters(`totp-step-up/${userId}`)
}

function codeCounters(key: string): Counter[] {
  return [
    { key, max: maxInWindow, windowMs },
    { key: `${key}/day`, max: maxInDay, windowMs: dayMs },
  ]
}

/** Of 80 bits none is guessed: counted by network, so that nobody can use up the attempts of another. */
export function recoveryCounters(userId: string, address: string | null): Counter[] {
  const network = networkOf(address) ?? 'unknown'
  return [{ key: `recovery-code/${userId}/${network}`, max: maxInWindow, windowMs }]
}

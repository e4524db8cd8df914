// How long a new key may live: of some usual lengths those that the session allows, and its longest.
import type { Session } from '../session/types.ts'
import { durationText } from '../ui/time.tsx'

const daySeconds = 86_400
const usualDays = [7, 30, 90, 365]

/** By seconds; `longest`: as the session allows; `never`. */
export function expiryChoices({ limits: { max_lifetime } }: Session): Record<string, string> {
  const within = usualDays
    .map((days) => days * daySeconds)
    .filter((seconds) => seconds < (max_lifetime ?? Infinity))
  return {
    ...Object.fromEntries(within.map((seconds) => [seconds, durationText(seconds)])),
    ...(max_lifetime === null
      ? { never: 'No expiry' }
      : { longest: `${durationText(max_lifetime)} (the longest)` }),
  }
}

export function usualChoice(session: Session): string {
  const usual = String(90 * daySeconds)
  return usual in expiryChoices(session) ? usual : 'longest'
}

/** What the request says; undefined: as the session allows. */
export function expiresAt(choice: string, nowMs: number): { expires_at?: string | null } {
  if (choice === 'longest') return {}
  if (choice === 'never') return { expires_at: null }
  return { expires_at: new Date(nowMs + Number(choice) * 1000).toISOString() }
}

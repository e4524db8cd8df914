// Step-up: for what a stolen session or JWT must not suffice, the person was proved within the last ten minutes.

export const stepUpSeconds = 600

// Of the clock of another issuer.
const maxSkewMs = 60_000

/** @param provedAt when the session, or the sign-in behind a JWT, last proved its person (ms); null: never */
export function isSteppedUp(provedAt: number | null, nowMs: number): boolean {
  if (provedAt === null) return false
  const ageMs = nowMs - provedAt
  return ageMs >= -maxSkewMs && ageMs < stepUpSeconds * 1_000
}

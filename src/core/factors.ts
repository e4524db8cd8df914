// How people prove who they are, besides their password: passkeys, TOTP, and recovery codes where those are lost.

/** In the order in which they are offered: strongest first. */
export const factorKinds = ['passkey', 'totp', 'recovery_code'] as const
export type FactorKind = (typeof factorKinds)[number]

export const stepUpMethods = ['passkey', 'totp', 'password'] as const
export type StepUpMethod = (typeof stepUpMethods)[number]

/** What a person has enrolled. */
export type Enrolled = {
  hasPassword: boolean
  hasTotp: boolean
  passkeys: number
  /** That are not used. */
  recoveryCodes: number
}

export function hasFactor({ hasTotp, passkeys }: Enrolled): boolean {
  return hasTotp || passkeys > 0
}

/** Any of these completes a sign-in; none: the sign-in is complete. */
export function awaitedFactors(enrolled: Enrolled): FactorKind[] {
  if (!hasFactor(enrolled)) return []
  const has = {
    passkey: enrolled.passkeys > 0,
    totp: enrolled.hasTotp,
    recovery_code: enrolled.recoveryCodes > 0,
  }
  return factorKinds.filter((kind) => has[kind])
}

/** The strongest that is enrolled, which step-up takes; null: only a new sign-in proves the person. */
export function stepUpMethodOf({ hasPassword, hasTotp, passkeys }: Enrolled): StepUpMethod | null {
  if (passkeys > 0) return 'passkey'
  if (hasTotp) return 'totp'
  return hasPassword ? 'password' : null
}

// Step-up of a session: proves its person once more, by the strongest factor that they have enrolled.
import { type StepUpMethod, stepUpMethodOf } from '../core/factors.ts'
import { type Acting, noticesOf } from '../storage/factor-notice.ts'
import { enrolledFactors } from '../storage/factor-store.ts'
import { passwordOf, proveSessionBy } from '../storage/proof-store.ts'
import { checkPassword } from './check-password.ts'
import { type Check, checkPasskey, checkTotp } from './factors/checks.ts'
import { stepUpCounters } from './factors/guesses.ts'
import type { Assertion } from './factors/passkeys.ts'
import type { Session } from './session.ts'
import type { PeopleSettings } from './settings.ts'

export type StepUpProof =
  | { method: 'password'; password: string }
  | { method: 'totp'; code: string }
  | { method: 'passkey'; passkey: Assertion }

export type StepUp =
  | { kind: 'proved' }
  /** `ended`: the session ended meanwhile. */
  | { kind: 'wrong' | 'ended' }
  /** Another proof is taken; null: only a new sign-in. */
  | { kind: 'other_method'; method: StepUpMethod | null }
  | { kind: 'too_many'; seconds: number }

/** @throws StoreUnavailable */
export async function stepUp(
  settings: PeopleSettings,
  session: Session,
  proof: StepUpProof,
  acting: Acting,
): Promise<StepUp> {
  const { userId, sessionId } = session
  const method = stepUpMethodOf(await enrolledFactors(settings.db, userId))
  if (proof.method !== method) return { kind: 'other_method', method }
  const check = await checkProof(settings, session, proof, acting.nowMs)
  if (check.kind !== 'right') return check
  const event = { action: 'person.stepped_up', detail: { method }, mail: null } as const
  const effects = noticesOf(userId, [event], acting)
  const spent = await proveSessionBy(settings.db, sessionId, check.spending, effects, acting.nowMs)
  if (spent !== 'done') return { kind: spent }
  await check.succeeded()
  return { kind: 'proved' }
}

async function checkProof(
  settings: PeopleSettings,
  { userId, sessionId }: Session,
  proof: StepUpProof,
  nowMs: number,
): Promise<Check> {
  switch (proof.method) {
    case 'password': {
      const check = await checkPassword(settings, userId, proof.password, nowMs)
      if (check.kind === 'too_many') return check
      if (check.kind === 'wrong') return { kind: 'wrong' }
      return { kind: 'right', spending: passwordOf(userId), succeeded: async () => {} }
    }
    case 'totp':
      return checkTotp(settings, userId, proof.code, stepUpCounters(userId), nowMs)
    case 'passkey':
      return checkPasskey(settings, { what: 'step-up', sessionId }, userId, proof.passkey, nowMs)
  }
}

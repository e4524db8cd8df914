// Checks what people prove themselves by. A code is counted before it is tried; what is right is spent by what it proves.
import { type Counter, countAttempt } from '../../storage/attempts.ts'
import { findTotp } from '../../storage/factor-store.ts'
import { type Spending, spendRecoveryCode, spendTotp } from '../../storage/proof-store.ts'
import type { PeopleSettings } from '../settings.ts'
import type { ChallengeFor } from './challenge.ts'
import { type Assertion, verifyAssertion } from './passkeys.ts'
import { recoveryDigests } from './recovery-codes.ts'
import { stepOfCode } from './totp.ts'

export type Check =
  | {
      kind: 'right'
      spending: Spending
      /** After it was spent. */
      succeeded(): Promise<void>
    }
  | { kind: 'wrong' }
  | { kind: 'too_many'; seconds: number }

type Settings = Pick<PeopleSettings, 'db' | 'authSecrets' | 'baseUrl'>

/** A code of the enrolled TOTP. @throws StoreUnavailable */
export async function checkTotp(
  settings: Settings,
  userId: string,
  code: string,
  counters: readonly Counter[],
  nowMs: number,
): Promise<Check> {
  return counted(settings, counters, nowMs, async () => {
    const sealed = (await findTotp(settings.db, userId))?.secret ?? null
    if (sealed === null) return null
    const step = await stepOfCode(settings, userId, sealed, code, nowMs)
    return step === null ? null : spendTotp(userId, sealed, step, nowMs)
  })
}

/** Whether it is one of the person's shows when it is spent. @throws StoreUnavailable */
export async function checkRecoveryCode(
  settings: Settings,
  userId: string,
  code: string,
  counters: readonly Counter[],
  nowMs: number,
): Promise<Check> {
  return counted(settings, counters, nowMs, async () => {
    const digests = await recoveryDigests(settings, userId, code)
    return digests && spendRecoveryCode(userId, digests, nowMs)
  })
}

/** An answer for this by a passkey of the person. Nobody guesses a signature, so none is counted. @throws StoreUnavailable */
export async function checkPasskey(
  settings: Settings,
  of: ChallengeFor,
  userId: string,
  response: Assertion,
  nowMs: number,
): Promise<Check> {
  const verified = await verifyAssertion(settings, of, userId, response, nowMs)
  if (verified === null) return { kind: 'wrong' }
  return { kind: 'right', spending: verified.spending, succeeded: async () => {} }
}

async function counted(
  { db }: Settings,
  counters: readonly Counter[],
  nowMs: number,
  check: () => Promise<Spending | null>,
): Promise<Check> {
  const attempt = await countAttempt(db, counters, nowMs)
  if (attempt.kind === 'refused') return { kind: 'too_many', seconds: attempt.seconds }
  const spending = await check()
  return spending === null
    ? { kind: 'wrong' }
    : { kind: 'right', spending, succeeded: attempt.takeBack }
}

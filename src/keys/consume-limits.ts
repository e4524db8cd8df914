// The last word on a request of a limited key: its meter takes all that the request takes, or nothing.
import type { MeteredVerdict, Verdict } from '../core/verdict.ts'
import type { ConsumeResult } from '../limits/decision.ts'
import type { Meters } from '../limits/meters.ts'
import type { Verification } from './verify.ts'

/** What a request takes, beside one of each rate window. */
export type Charge = {
  /** Credits, a whole number from 0. */
  cost: number
  /** Spends `cost` once in 24 h; null: each request spends. */
  idempotencyKey: string | null
}

/** What a request costs whose sender cannot say: an idempotency key of theirs would pay once for all. */
export const oneCredit: Charge = { cost: 1, idempotencyKey: null }

/** A verification whose limits were asked too, where there are any. */
export type Metered = Omit<Verification, 'verdict'> & { verdict: MeteredVerdict }

/** Asks the meter about a valid key with limits; makes no call for any other verdict. */
export async function consumeLimits(
  meters: () => Pick<Meters, 'take'>,
  verification: Verification,
  charge: Charge,
): Promise<Metered> {
  const { verdict } = verification
  if (verdict.code !== 'valid' || verdict.record.limits === null) return verification
  const { meter, terms } = verdict.record.limits
  const answer = await meters().take(meter, { terms, ...charge })
  if (answer.outcome !== 'unavailable') {
    return { ...verification, verdict: verdictOf(answer, verdict) }
  }
  const { record } = verdict
  return { ...verification, verdict: { code: 'meter_unavailable', record }, cause: answer.cause }
}

function verdictOf(
  answer: ConsumeResult,
  { record, powers }: Extract<Verdict, { code: 'valid' }>,
): MeteredVerdict {
  const { windows, credits } = answer
  const about = { record, powers, remaining: { windows, credits } }
  switch (answer.outcome) {
    case 'passed':
      return { code: 'valid', ...about }
    case 'conflict':
      return { code: 'conflict', ...about }
    case 'rate_limited':
      return { code: 'rate_limited', ...about, retryAfterSeconds: answer.retryAfterSeconds }
    case 'credits_exhausted':
      return { code: 'credits_exhausted', ...about, retryAfterSeconds: answer.retryAfterSeconds }
  }
}

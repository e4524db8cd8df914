// Consumes the limits of a valid key: its meter grants all that the request needs, or nothing.
import type { MeteredVerdict, Verdict } from '../core/verdict.ts'
import type { ConsumeResult } from '../limits/decision.ts'
import type { Meters } from '../limits/meters.ts'
import type { Verification } from './verify.ts'

/** What a request consumes, in addition to one of each rate window. */
export type Charge = {
  /** Credits, an integer from 0. */
  cost: number
  /** Consumes `cost` once in 24 h; null: every request does. */
  idempotencyKey: string | null
}

/** For requests whose sender is charged: with an idempotency key of their choice, one credit would pay for all. */
export const oneCredit: Charge = { cost: 1, idempotencyKey: null }

/** A verification that includes the limits of the key, if it has any. */
export type Metered = Omit<Verification, 'verdict'> & { verdict: MeteredVerdict }

/** Calls the meter of a valid key with limits; for any other verdict it makes no call. */
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
  const common = { record, powers, remaining: { windows, credits } }
  switch (answer.outcome) {
    case 'passed':
      return { code: 'valid', ...common }
    case 'conflict':
      return { code: 'conflict', ...common }
    case 'rate_limited':
      return { code: 'rate_limited', ...common, retryAfterSeconds: answer.retryAfterSeconds }
    case 'credits_exhausted':
      return { code: 'credits_exhausted', ...common, retryAfterSeconds: answer.retryAfterSeconds }
  }
}

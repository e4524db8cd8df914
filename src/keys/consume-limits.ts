// Consumes the limits of a valid key: its meter grants all that the request needs, or nothing.
import type { MeterTerms } from '../core/limits.ts'
import type { MeteredVerdict, Verdict } from '../core/verdict.ts'
import type { MeterUnavailable } from '../limits/call-meter.ts'
import type { ConsumeResult } from '../limits/decision.ts'
import type { ConsumeRequest } from '../limits/meter.ts'
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

/** The meters of one request. */
export type LimitServices = {
  takeLimits(meter: string, request: ConsumeRequest): Promise<ConsumeResult | MeterUnavailable>
  /** Decides by terms that `areFast`, mostly without a call before the answer. */
  takeFast(meter: string, terms: MeterTerms): Promise<ConsumeResult | MeterUnavailable>
}

/** Calls the meter of a valid key with limits; for any other verdict it makes no call. */
export async function consumeLimits(
  services: LimitServices,
  verification: Verification,
  charge: Charge,
): Promise<Metered> {
  const { verdict } = verification
  if (verdict.code !== 'valid' || verdict.record.limits === null) return verification
  const { meter, terms } = verdict.record.limits
  const answer = await (areFast(terms)
    ? services.takeFast(meter, terms)
    : services.takeLimits(meter, { terms, ...charge }))
  if (answer.outcome === 'unavailable') {
    const { record } = verdict
    return { ...verification, verdict: { code: 'meter_unavailable', record }, cause: answer.cause }
  }
  return { ...verification, verdict: verdictOf(answer, verdict) }
}

/** Whether the isolate decides: credits and any exact window need the meter. */
function areFast({ windows, credits }: MeterTerms): boolean {
  return credits === null && windows.length > 0 && windows.every(({ mode }) => mode === 'fast')
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
      return { code: answer.outcome, ...common }
    case 'rate_limited':
      return { code: answer.outcome, ...common, retryAfterSeconds: answer.retryAfterSeconds }
    case 'credits_exhausted':
      return { code: answer.outcome, ...common, retryAfterSeconds: answer.retryAfterSeconds }
  }
}

// Schemas and views of limits and credits.
import { z } from '@hono/zod-openapi'
import type { FieldError } from '../../../contract/problems.ts'
import {
  type CreditInput,
  type CreditTerms,
  type LimitOwner,
  type LimitsError,
  limitOwners,
  type Refill,
  validateNewLimits,
  type Window,
  windowModes,
} from '../../../core/limits.ts'

const maxRequests = 1_000_000
const maxWindowSeconds = 31 * 24 * 60 * 60
const maxWindows = 5
const maxCredits = 1_000_000_000_000

const limit = z.int().min(1).max(maxRequests).openapi({ description: 'Requests' })
const windowSeconds = z.int().min(1).max(maxWindowSeconds).openapi({ example: 60 })
// RateLimit headers contain it as a quoted string.
const windowName = z.string().regex(/^[\w.:-]{1,40}$/, '1 to 40 letters, digits and any of _ . : -')

const windowIn = z
  .strictObject({
    limit,
    window_seconds: windowSeconds,
    name: windowName.optional(),
    mode: z.enum(windowModes).optional().openapi({
      description:
        '`exact` if left out: each request waits for its meter. `fast`: decided from what is known of the meter, so that several places at once may let pass more; only where all windows are fast and the key has no credits',
    }),
  })
  .openapi('RateLimitWindow')

type WindowIn = z.infer<typeof windowIn>

/** Accepts one window or a list of them; the output is a list. */
export const rateLimitField = z
  .union([
    windowIn,
    z.array(windowIn).min(1, 'null for no limit').max(maxWindows, `At most ${maxWindows} windows`),
  ])
  .transform((given) => windowsOf(Array.isArray(given) ? given : [given]))
  .refine(namesDiffer, { error: 'Names of windows must differ' })
  .nullable()
  .openapi({
    description: `Maximum requests within a number of seconds: one window, or up to ${maxWindows} that all apply. The default name is "default" for one window, its length for several. null: unlimited`,
  })

function windowsOf(given: WindowIn[]): Window[] {
  return given.map(({ name, limit, window_seconds, mode }) => ({
    name: name ?? (given.length === 1 ? 'default' : `${window_seconds}s`),
    limit,
    windowSeconds: window_seconds,
    ...(mode === 'fast' && { mode }),
  }))
}

function namesDiffer(windows: readonly Window[]): boolean {
  return new Set(windows.map(({ name }) => name)).size === windows.length
}

const credits = z.int().min(0).max(maxCredits)
const refillAmount = z.int().min(1).max(maxCredits)
const refillIn = z
  .discriminatedUnion('interval', [
    z.strictObject({ interval: z.literal('daily'), amount: refillAmount }),
    z.strictObject({
      interval: z.literal('monthly'),
      amount: refillAmount,
      day: z.int().min(1).max(31).optional().openapi({ description: '1 if left out' }),
    }),
  ])
  .transform((given) => (given.interval === 'daily' ? given : { ...given, day: given.day ?? 1 }))

export const creditsField = z
  .strictObject({
    remaining: credits.optional().openapi({
      description: 'Sets the balance now. Omitted from a change, the balance is unchanged',
    }),
    refill: refillIn.nullable().optional().openapi({
      description:
        'Raises the balance to `amount` at midnight UTC, each day or on a day of each month (its last day in shorter months); a higher balance is unchanged',
    }),
  })
  .nullable()
  .openapi({ description: 'The total that verifications may cost; null: they cost nothing' })

export const limitsByField = z.enum(limitOwners).openapi({
  description:
    '`external_id`: the windows and the balance are shared by all keys of the account with this setting and the same external_id',
})

export const topUpAmount = refillAmount.openapi({ description: 'Credits to add' })

export const rateLimitOut = z
  .array(
    z.object({
      name: z.string(),
      limit: z.int(),
      window_seconds: z.int(),
      mode: z.literal('fast').optional().openapi({ description: 'Absent: exact' }),
    }),
  )
  .nullable()

export const creditsOut = z
  .object({
    remaining: z.int().nullable().openapi({ description: 'null: currently unknown' }),
    refill: z
      .object({
        amount: z.int(),
        interval: z.enum(['daily', 'monthly']),
        day: z.int().optional(),
      })
      .nullable(),
  })
  .nullable()

export function rateLimitView(windows: readonly Window[] | null): z.infer<typeof rateLimitOut> {
  if (windows === null) return null
  return windows.map(({ name, limit, windowSeconds, mode }) => ({
    name,
    limit,
    window_seconds: windowSeconds,
    ...(mode && { mode }),
  }))
}

/** `remaining` is the balance of the meter; null when it is unknown. */
export function creditsView(
  terms: CreditTerms | null,
  remaining: number | null,
): z.infer<typeof creditsOut> {
  return terms && { remaining, refill: terms.refill && refillView(terms.refill) }
}

function refillView(refill: Refill) {
  const { interval, amount } = refill
  return refill.interval === 'daily' ? { amount, interval } : { amount, interval, day: refill.day }
}

const limitErrors: Record<LimitsError, FieldError> = {
  no_external_id: {
    path: 'limits_by',
    message: 'Limits by external_id require an external_id',
  },
  no_balance: { path: 'credits.remaining', message: 'Required: the initial balance' },
  balance_moves: {
    path: 'credits.remaining',
    message: 'Required: the balance is not transferred',
  },
}

export function limitError(error: LimitsError): FieldError {
  return limitErrors[error]
}

type NewLimits = {
  external_id?: string | null | undefined
  limits_by?: LimitOwner | undefined
  credits?: CreditInput | null | undefined
}

/** Cross-field checks for the schema of a new key. */
export function checkNewLimits(body: NewLimits, context: z.RefinementCtx): void {
  const { external_id: externalId = null, limits_by: limitsBy = 'key', credits = null } = body
  const error = validateNewLimits({ limitsBy, externalId }, credits)
  if (error === null) return
  const { path, message } = limitError(error)
  context.addIssue({ code: 'custom', path: path.split('.'), message })
}

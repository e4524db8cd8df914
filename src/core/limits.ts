// The limits of a key: rate windows, and credits with their refill. They are part of its record, so that
// metering needs no second look-up.

/**
 * `limit` requests (1 to 1,000,000) in `windowSeconds` (1 s to 31 days). `mode` is stored only where it is fast, so that
 * a window from before there were modes is an exact one.
 */
export type Window = { name: string; limit: number; windowSeconds: number; mode?: 'fast' }

/** `exact`: the meter decides each request. `fast`: isolates decide from what they know of it, and may pass a few more. */
export const windowModes = ['exact', 'fast'] as const

/** At midnight UTC, daily or on one day of each month; a shorter month has it on its last day. */
export type Schedule = { interval: 'daily' } | { interval: 'monthly'; day: number }

/**
 * Lifts the balance to `amount` at each refill after `since` (ms), when the refill was set. A higher
 * balance, from a top-up, stays.
 */
export type Refill = Schedule & { amount: number; since: number }

/**
 * The credits in the key's record. They are sent with each call to the meter, so that setting a balance is
 * one change of the key: terms with a later `since` than the meter's replace its balance by `remaining`.
 */
export type CreditTerms = {
  /** The balance that was set at `since`. */
  remaining: number
  /** When it was set (ms), greater with each set. 0: never, the key joins a shared balance. */
  since: number
  refill: Refill | null
}

/** Windows have distinct names. */
export type MeterTerms = { windows: readonly Window[]; credits: CreditTerms | null }

/** `meter`: the name of the Durable Object that decides by these terms. */
export type Limits = { meter: string; terms: MeterTerms }

/** `resetSeconds`: until `remaining` grows by one; 0 when nothing is used. */
export type WindowStatus = Window & { remaining: number; resetSeconds: number }

/** `credits` is null for a key without credits. */
export type LimitsRemaining = { windows: WindowStatus[]; credits: number | null }

/** `external_id`: the keys of an account with the same external id share their limits. */
export const limitOwners = ['key', 'external_id'] as const
export type LimitOwner = (typeof limitOwners)[number]

/** `meterId`: after rotations the first key of the chain; null for that key itself. */
export type LimitAttributes = {
  id: string
  accountId: string
  externalId: string | null
  rateLimit: readonly Window[] | null
  credits: CreditTerms | null
  limitsBy: LimitOwner
  meterId: string | null
}

/** The limits of a key; null for an unlimited one, for which no meter is called. */
export function limitsOf(key: LimitAttributes): Limits | null {
  const { rateLimit, credits } = key
  if (rateLimit === null && credits === null) return null
  return { meter: meterOf(key), terms: { windows: rateLimit ?? [], credits } }
}

/** The name of the meter: of a key and its successors, or of all keys with its external id. */
export function meterOf({ id, accountId, externalId, limitsBy, meterId }: LimitAttributes): string {
  if (limitsBy === 'key' || externalId === null) return `key/${meterId ?? id}`
  // Account ids contain no slash, so an external id cannot name another account's meter.
  return `account/${accountId}/${externalId}`
}

/** Requested credits; a field that is undefined keeps its value. */
export type CreditInput = {
  remaining?: number | undefined
  refill?: (Schedule & { amount: number }) | null | undefined
}

/** The terms that result from the current ones and the requested credits. */
export function creditTerms(
  current: CreditTerms | null,
  { remaining, refill }: CreditInput,
  nowMs: number,
): CreditTerms {
  const kept = current ?? { remaining: 0, since: 0, refill: null }
  const set =
    remaining === undefined
      ? { remaining: kept.remaining, since: kept.since }
      : // The later of two sets in one millisecond must have the greater `since`.
        { remaining, since: Math.max(kept.since + 1, nowMs) }
  return { ...set, refill: refillOf(kept.refill, refill, nowMs) }
}

function refillOf(kept: Refill | null, input: CreditInput['refill'], since: number): Refill | null {
  if (input === undefined) return kept
  if (input === null) return null
  const { amount } = input
  const refill: Refill =
    input.interval === 'daily'
      ? { interval: 'daily', amount, since }
      : { interval: 'monthly', day: input.day, amount, since }
  // The same refill again keeps its `since`: a refill that is due stays due.
  return JSON.stringify({ ...kept, since }) === JSON.stringify(refill) ? kept : refill
}

/** Why the requested limits are invalid. */
export type LimitsError = 'no_external_id' | 'no_balance' | 'balance_moves'

/** Validates the limits of a new key; null when they are valid. */
export function validateNewLimits(
  { limitsBy, externalId }: Pick<LimitAttributes, 'limitsBy' | 'externalId'>,
  credits: CreditInput | null,
): LimitsError | null {
  if (limitsBy === 'external_id' && externalId === null) return 'no_external_id'
  // A key without a balance of its own can only join a shared one.
  return credits !== null && credits.remaining === undefined && limitsBy === 'key'
    ? 'no_balance'
    : null
}

/** Validates the limits of a changed key; null when they are valid. @param input the requested credits. */
export function validateChangedLimits(
  before: LimitAttributes,
  after: LimitAttributes,
  input: CreditInput | null | undefined,
): LimitsError | null {
  if (after.credits === null || before.credits === null) {
    return validateNewLimits(after, after.credits === null ? null : (input ?? {}))
  }
  if (after.limitsBy === 'external_id' && after.externalId === null) return 'no_external_id'
  // Another meter does not know what was spent: it would start with the balance that was set long ago.
  const isMoved = meterOf(before) !== meterOf(after)
  return isMoved && input?.remaining === undefined ? 'balance_moves' : null
}

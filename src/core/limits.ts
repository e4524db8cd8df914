// What a key may use: rate windows, and credits with their refill. Part of its record, so that metering
// needs no second look-up. No I/O, no clock.

/** A named limit: `limit` requests (1 to 1,000,000) in `windowSeconds` (1 s to 31 days). */
export type Window = { name: string; limit: number; windowSeconds: number }

/** Every day, or once a month on a day; a month without that day has it on its last. Midnight in UTC. */
export type Schedule = { interval: 'daily' } | { interval: 'monthly'; day: number }

/**
 * Lifts the balance to `amount` at each refill after `since` (ms): the time when it was decided. A
 * higher balance (topped up) stays as it is.
 */
export type Refill = Schedule & { amount: number; since: number }

/**
 * What the key's record says of its credits. It travels with each call, so that a set is one change of
 * the key and needs no second store: whichever `since` is later counts, and begins with `remaining`.
 */
export type CreditTerms = {
  /** The balance that was set at `since`. */
  remaining: number
  /** When it was set (ms): of two sets the later one must have the greater. 0: it joins a shared balance. */
  since: number
  refill: Refill | null
}

/** The limits of a key as its record tells them; no two windows have one name. */
export type MeterTerms = { windows: readonly Window[]; credits: CreditTerms | null }

/** Which meter a key asks, and by what terms. */
export type Limits = { meter: string; terms: MeterTerms }

/** What is left of a window. `resetSeconds`: until `remaining` grows by one; 0 when nothing is used. */
export type WindowStatus = Window & { remaining: number; resetSeconds: number }

/** What is left, as told to the client; `credits` is null for a key without. */
export type LimitsRemaining = { windows: WindowStatus[]; credits: number | null }

/** Whether a key shares its limits with the others of its external id. */
export const limitOwners = ['key', 'external_id'] as const
export type LimitOwner = (typeof limitOwners)[number]

/** What a key's row says of its limits. `meterId`: the key whose token it replaced, the first of them. */
export type LimitAttributes = {
  id: string
  accountId: string
  externalId: string | null
  rateLimit: readonly Window[] | null
  credits: CreditTerms | null
  limitsBy: LimitOwner
  meterId: string | null
}

/** The limits of a key; null for one without, which no meter is asked about. */
export function limitsOf(key: LimitAttributes): Limits | null {
  const { rateLimit, credits } = key
  if (rateLimit === null && credits === null) return null
  return { meter: meterOf(key), terms: { windows: rateLimit ?? [], credits } }
}

/** The name of the meter: of a key and its successors, or of all keys with its external id. */
export function meterOf({ id, accountId, externalId, limitsBy, meterId }: LimitAttributes): string {
  if (limitsBy === 'key' || externalId === null) return `key/${meterId ?? id}`
  // No external id can reach into another account: account ids hold no slash.
  return `account/${accountId}/${externalId}`
}

/** What is wished for the credits of a key. What is undefined stays as it is. */
export type CreditInput = {
  remaining?: number | undefined
  refill?: (Schedule & { amount: number }) | null | undefined
}

/** The terms that a wish makes of those that a key has, at a time (ms). */
export function creditTerms(
  present: CreditTerms | null,
  { remaining, refill }: CreditInput,
  nowMs: number,
): CreditTerms {
  const kept = present ?? { remaining: 0, since: 0, refill: null }
  const set =
    remaining === undefined
      ? { remaining: kept.remaining, since: kept.since }
      : // Of two sets in one millisecond the later must win.
        { remaining, since: Math.max(kept.since + 1, nowMs) }
  return { ...set, refill: refillOf(kept.refill, refill, nowMs) }
}

function refillOf(kept: Refill | null, wish: CreditInput['refill'], since: number): Refill | null {
  if (wish === undefined || wish === null) return wish === null ? null : kept
  const { amount } = wish
  const refill: Refill =
    wish.interval === 'daily'
      ? { interval: 'daily', amount, since }
      : { interval: 'monthly', day: wish.day, amount, since }
  // Said again, it is no other refill: one that is due stays so.
  return JSON.stringify({ ...kept, since }) === JSON.stringify(refill) ? kept : refill
}

/** Why the limits of a key cannot be as wished. */
export type LimitsError = 'no_external_id' | 'no_balance' | 'balance_moves'

/** What is wrong with the limits that are wished for a new key; null when nothing is. */
export function validateNewLimits(
  { limitsBy, externalId }: Pick<LimitAttributes, 'limitsBy' | 'externalId'>,
  credits: CreditInput | null,
): LimitsError | null {
  if (limitsBy === 'external_id' && externalId === null) return 'no_external_id'
  // Only a shared balance can be joined as it is.
  return credits !== null && credits.remaining === undefined && limitsBy === 'key'
    ? 'no_balance'
    : null
}

/** The same for a change of a key. */
export function validateChangedLimits(
  before: LimitAttributes,
  after: LimitAttributes,
  wish: CreditInput | null | undefined,
): LimitsError | null {
  if (after.credits === null || before.credits === null) {
    return validateNewLimits(after, after.credits === null ? null : (wish ?? {}))
  }
  if (after.limitsBy === 'external_id' && after.externalId === null) return 'no_external_id'
  // Another meter knows nothing of what was spent: it would begin with the credits of long ago.
  const moves = meterOf(before) !== meterOf(after)
  return moves && wish?.remaining === undefined ? 'balance_moves' : null
}

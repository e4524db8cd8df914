// The verdict: from a record, a question and the time to one answer. No I/O, no clock.
import { isAllowedAddress } from './address.ts'
import type { LimitsRemaining } from './limits.ts'
import type { KeyRecord } from './record.ts'
import { type Catalogue, missingScopes, type Powers, powersOfKey } from './scopes.ts'

/** What is asked of a key beside its being good. */
export type AccessRequest = {
  /** All of these are needed. */
  scopes: readonly string[]
  /** The client's address as the platform reports it, or null when it is not known. */
  ip: string | null
}

/** An answer about a key that exists. */
export type Decision =
  | { code: 'valid'; record: KeyRecord; powers: Powers }
  | { code: 'revoked_api_key' | 'disabled_api_key' | 'expired_api_key'; record: KeyRecord }
  | { code: 'ip_not_allowed'; record: KeyRecord }
  | { code: 'insufficient_scope'; record: KeyRecord; powers: Powers; missing: string[] }

/** An answer about a token of nobody, or of a key that could not be looked up. */
export type Unresolved =
  | { code: 'invalid_api_key' }
  | { code: 'authority_unavailable' }
  /** Too many tokens that cannot prove themselves came from there: no store was asked. */
  | { code: 'flood' }

/** Every answer that a verification can give. */
export type Verdict = Decision | Unresolved

type Valid = Extract<Decision, { code: 'valid' }>

/** A decision once the limits of the key were asked too. */
export type MeteredDecision =
  | Exclude<Decision, Valid>
  /** Without `remaining`: a key without limits. */
  | (Valid & { remaining?: LimitsRemaining })
  | (Omit<Valid, 'code'> & {
      remaining: LimitsRemaining
      code: 'rate_limited'
      retryAfterSeconds: number
    })
  /** `retryAfterSeconds` is null when no refill will ever cover the cost. */
  | (Omit<Valid, 'code'> & {
      remaining: LimitsRemaining
      code: 'credits_exhausted'
      retryAfterSeconds: number | null
    })
  /** The idempotency key was spent on another cost. */
  | (Omit<Valid, 'code'> & { remaining: LimitsRemaining; code: 'conflict' })
  /** The key is good, and what its meter did is not known. */
  | { code: 'meter_unavailable'; record: KeyRecord }

export type MeteredVerdict = MeteredDecision | Unresolved

/** Decides about a key at a time (ms). The first reason in the order of the contract wins. */
export function decide(
  record: KeyRecord,
  question: AccessRequest,
  nowMs: number,
  config: Catalogue,
): Decision {
  if (record.revoked) return { code: 'revoked_api_key', record }
  if (record.disabled) return { code: 'disabled_api_key', record }
  if (isExpired(record, nowMs)) return { code: 'expired_api_key', record }
  if (record.allowedIps !== null && !isAllowedAddress(question.ip, record.allowedIps)) {
    return { code: 'ip_not_allowed', record }
  }
  const powers = powersOfKey(record, config)
  const missing = missingScopes(question.scopes, powers.scopes)
  if (missing.length > 0) return { code: 'insufficient_scope', record, powers, missing }
  return { code: 'valid', record, powers }
}

/** A key expires at the millisecond of `expiresAt`, not after it. */
export function isExpired({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt !== null && nowMs >= expiresAt
}

// The verdict about a request with a key: decided from the key's record, the request and the time.
import { isAllowedAddress } from './address.ts'
import type { LimitsRemaining } from './limits.ts'
import type { KeyRecord } from './record.ts'
import { type Catalogue, missingScopes, type Powers, powersOfKey } from './scopes.ts'

/** What a request needs of its key. */
export type AccessRequest = {
  /** All of them are required. */
  scopes: readonly string[]
  /** The client's address as the platform reports it; null when it is unknown. */
  ip: string | null
}

/** A verdict about a key that exists. */
export type Decision =
  | { code: 'valid'; record: KeyRecord; powers: Powers }
  | { code: 'revoked_api_key' | 'disabled_api_key' | 'expired_api_key'; record: KeyRecord }
  | { code: 'ip_not_allowed'; record: KeyRecord }
  | { code: 'insufficient_scope'; record: KeyRecord; powers: Powers; missing: string[] }

/** A verdict about a token without a key: an unknown one, or one that could not be looked up. */
export type Unresolved =
  | { code: 'invalid_api_key' }
  | { code: 'authority_unavailable' }
  /** The sender exceeded its limit of untagged tokens: this one was not looked up. */
  | { code: 'flood' }

export type Verdict = Decision | Unresolved

type Valid = Extract<Decision, { code: 'valid' }>

/** A decision that includes the limits of the key. */
export type MeteredDecision =
  | Exclude<Decision, Valid>
  /** `remaining` is absent for a key without limits. */
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
  /** The idempotency key was used for another cost. */
  | (Omit<Valid, 'code'> & { remaining: LimitsRemaining; code: 'conflict' })
  /** The key is valid, and it is unknown what its meter decided. */
  | { code: 'meter_unavailable'; record: KeyRecord }

export type MeteredVerdict = MeteredDecision | Unresolved

/** Decides about a key at a time. When several codes apply, the first in the contract's order is returned. */
export function decide(
  record: KeyRecord,
  request: AccessRequest,
  nowMs: number,
  config: Catalogue,
): Decision {
  if (record.revoked) return { code: 'revoked_api_key', record }
  if (record.disabled) return { code: 'disabled_api_key', record }
  if (isExpired(record, nowMs)) return { code: 'expired_api_key', record }
  if (record.allowedIps !== null && !isAllowedAddress(request.ip, record.allowedIps)) {
    return { code: 'ip_not_allowed', record }
  }
  const powers = powersOfKey(record, config)
  const missing = missingScopes(request.scopes, powers.scopes)
  if (missing.length > 0) return { code: 'insufficient_scope', record, powers, missing }
  return { code: 'valid', record, powers }
}

/** A key is expired from the millisecond `expiresAt` on. */
export function isExpired({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt !== null && nowMs >= expiresAt
}

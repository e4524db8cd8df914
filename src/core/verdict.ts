// The verdict about a request with a key: decided from the key's record, the request and the time.
import { isAllowedAddress } from './address.ts'
import { environmentOf } from './environment.ts'
import type { TokenFormats } from './foreign.ts'
import type { LimitsRemaining } from './limits.ts'
import type { KeyRecord } from './record.ts'
import { holdsAny, missingNeeds } from './scope-matcher.ts'
import { type Catalogue, type Powers, powersOfKey } from './scopes.ts'

/** What a request needs of its credential. */
export type Needs = {
  /** All of them: scopes, or `scope#id`. */
  scopes: readonly string[]
  /** Any of them suffices; null: none is needed. */
  anyOf: readonly string[] | null
  /** Of the key; null: any. */
  environments: readonly string[] | null
}

export type AccessRequest = Needs & {
  /** The client's address as the platform reports it; null when it is unknown. */
  ip: string | null
}

/** What Latchkey's own endpoints need: keys of every environment manage and check keys. */
export function needsOf(...scopes: string[]): Needs {
  return { scopes, anyOf: null, environments: null }
}

/** The part of the configuration that a verdict depends on. */
export type VerdictConfig = Catalogue & TokenFormats

/** The needs that a credential does not meet: all of `missing`, and one of `missingAnyOf` where it is not empty. */
export type UnmetNeeds = { missing: string[]; missingAnyOf: string[] }

/** A verdict about a key that exists. */
export type Decision =
  | { code: 'valid'; record: KeyRecord; powers: Powers }
  | { code: 'revoked_api_key' | 'disabled_api_key' | 'expired_api_key'; record: KeyRecord }
  | { code: 'account_suspended'; record: KeyRecord }
  | { code: 'wrong_environment'; record: KeyRecord; needed: readonly string[] }
  | { code: 'ip_not_allowed'; record: KeyRecord }
  | ({ code: 'insufficient_scope'; record: KeyRecord; powers: Powers } & UnmetNeeds)

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
  config: VerdictConfig,
): Decision {
  const powers = powersOfKey(record, config)
  for (const check of inOrder) {
    const refused = check({ record, powers }, request, nowMs, config)
    if (refused !== null) return refused
  }
  return { code: 'valid', record, powers }
}

type Check = (
  key: { record: KeyRecord; powers: Powers },
  request: AccessRequest,
  nowMs: number,
  config: VerdictConfig,
) => Refused | null

export type Refused = Exclude<Decision, Valid>
type StateCheck = 'revoked' | 'disabled' | 'expired' | 'suspended'
export type CheckName = StateCheck | 'environment' | 'address' | 'scope'

/** The refusals in the order of the contract; each gives the decision, or null where it does not apply. */
export const checks: Record<CheckName, Check> = {
  revoked: ({ record }) => (record.revoked ? { code: 'revoked_api_key', record } : null),
  disabled: ({ record }) => (record.disabled ? { code: 'disabled_api_key', record } : null),
  expired: ({ record }, _, nowMs) =>
    isExpired(record, nowMs) ? { code: 'expired_api_key', record } : null,
  suspended: ({ record }) => (record.suspended ? { code: 'account_suspended', record } : null),
  environment({ record }, { environments }, _, config) {
    if (environments === null || environments.includes(environmentOf(record.format, config))) {
      return null
    }
    return { code: 'wrong_environment', record, needed: environments }
  },
  address({ record }, { ip }) {
    if (record.allowedIps === null || isAllowedAddress(ip, record.allowedIps)) return null
    return { code: 'ip_not_allowed', record }
  },
  scope({ record, powers }, request, _, config) {
    const unmet = unmetNeeds(request, powers, config)
    return unmet === null ? null : { code: 'insufficient_scope', record, powers, ...unmet }
  },
}

const inOrder: readonly Check[] = Object.values(checks)

/** null: the powers meet all needs. */
export function unmetNeeds(
  { scopes, anyOf }: Pick<Needs, 'scopes' | 'anyOf'>,
  powers: Powers,
  { scopes: catalogue }: Pick<Catalogue, 'scopes'>,
): UnmetNeeds | null {
  const missing = missingNeeds(scopes, powers, catalogue)
  const isAnyMissing = anyOf !== null && !holdsAny(anyOf, powers, catalogue)
  if (missing.length === 0 && !isAnyMissing) return null
  return { missing, missingAnyOf: isAnyMissing ? [...anyOf] : [] }
}

/** A key is expired from the millisecond `expiresAt` on. */
export function isExpired({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt !== null && nowMs >= expiresAt
}

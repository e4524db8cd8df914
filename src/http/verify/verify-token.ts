// Verification for other services, by RPC or over HTTP, which parse their input. On the hot path: nothing here is
// loaded lazily.
import type { KeyContext, KeyIdentity, NoKeyContext, VerifyAnswer } from '../../contract/verify.ts'
import { environmentOf } from '../../core/environment.ts'
import type { TokenFormats } from '../../core/foreign.ts'
import type { LimitsRemaining } from '../../core/limits.ts'
import type { KeyRecord } from '../../core/record.ts'
import type { Powers } from '../../core/scopes.ts'
import { writeTime } from '../../core/time.ts'
import type { AccessRequest, MeteredVerdict } from '../../core/verdict.ts'
import { type Charge, consumeLimits } from '../../keys/consume-limits.ts'
import { verify } from '../../keys/verify.ts'
import { floodPeriodSeconds, senderOf } from '../../storage/flood-limit.ts'
import { recordCheck } from '../report.ts'
import { countUse } from '../response/count-usage.ts'
import { unavailable } from '../response/failures.ts'
import { rateLimitStatus } from '../response/limit-headers.ts'
import { meterUnavailable } from '../response/refusals.ts'
import type { RequestLocation, Services } from '../services.ts'

export type VerifyInput = Charge &
  AccessRequest & {
    token: string
    /** Reads the fence even while a lease runs. */
    fresh: boolean
  }

/** The account whose keys a caller may verify, or all of the deployment. */
export type AccountScope = { accountId: string } | 'all'

/** The call that a verification belongs to: its services, and where it came from. */
export type CallContext = {
  services: Services
  from: RequestLocation
  /** Whose unknown tokens are counted together: the binding, or the account of the calling key. */
  caller: string
}

const nothing: NoKeyContext = {
  key: null,
  account: null,
  scopes: null,
  resources: null,
  rate_limit: null,
  credits: null,
}

/** The one answer for malformed and unknown tokens and for those of other accounts. */
export const invalidKey: VerifyAnswer = { valid: false, code: 'invalid_api_key', ...nothing }

/**
 * The answer about a token. Consumes the limits of its key.
 * @throws Problem `authority_unavailable` where the answer is not known, which is not a refusal.
 */
export async function verifyFor(
  scope: AccountScope,
  callContext: CallContext,
  input: VerifyInput,
): Promise<VerifyAnswer> {
  return answerOf(await verdictFor(scope, callContext, input), callContext.services.config)
}

/** Tokens of other accounts look unknown. */
export type PublicVerdict = Exclude<
  MeteredVerdict,
  { code: 'authority_unavailable' } | { code: 'meter_unavailable' }
>

/**
 * The verdict about a token, limited to what the caller may know.
 * @throws Problem `authority_unavailable`
 */
export async function verdictFor(
  scope: AccountScope,
  { services, from, caller }: CallContext,
  { token, fresh, cost, idempotencyKey, ...access }: VerifyInput,
): Promise<PublicVerdict> {
  const { ip } = access
  const charge = { cost, idempotencyKey }
  // Without the address of its client, a service shares one bucket for all of them.
  const sender = () => `${caller}/${senderOf(ip)}`
  const { report } = services
  const settings = services.verifySettings(sender)
  const stores = services.lookUpStores(from)
  const verification = await verify(stores, settings, token.trim(), access, { fresh })
  const { verdict } = verification
  // Before the limits: a caller must not consume those of another account.
  if ('record' in verdict && scope !== 'all' && scope.accountId !== verdict.record.accountId) {
    recordCheck(report, verification, services.clock.now())
    return { code: 'invalid_api_key' }
  }
  const metered = await consumeLimits(services, verification, charge)
  recordCheck(report, metered, services.clock.now())
  countUse(services, report, metered.verdict, { tier: metered.tier, ip, isChecked: true })
  services.watchCredits(metered.verdict)
  if (metered.verdict.code === 'authority_unavailable') throw unavailable()
  if (metered.verdict.code === 'meter_unavailable') throw meterUnavailable()
  return metered.verdict
}

function answerOf(verdict: PublicVerdict, formats: TokenFormats): VerifyAnswer {
  switch (verdict.code) {
    case 'invalid_api_key':
      return invalidKey
    case 'flood': {
      const retry_after_seconds = floodPeriodSeconds
      return { valid: false, code: 'rate_limited', ...nothing, retry_after_seconds }
    }
    case 'revoked_api_key':
    case 'expired_api_key':
    case 'disabled_api_key':
    case 'account_suspended':
    case 'wrong_environment':
    case 'ip_not_allowed': {
      const about = aboutKey(verdict.record, null, formats)
      return { valid: false, code: verdict.code, ...about, scopes: null, resources: null }
    }
    case 'insufficient_scope': {
      const { code, powers, missing: missing_scopes, missingAnyOf: missing_any_of } = verdict
      const about = { ...aboutKey(verdict.record, null, formats), ...heldBy(powers) }
      return { valid: false, code, ...about, missing_scopes, missing_any_of }
    }
    default:
      return meteredAnswer(verdict, formats)
  }
}

function meteredAnswer(
  verdict: Extract<PublicVerdict, { remaining?: unknown }>,
  formats: TokenFormats,
): VerifyAnswer {
  const left = verdict.remaining ?? null
  const about = { ...aboutKey(verdict.record, left, formats), ...heldBy(verdict.powers) }
  switch (verdict.code) {
    case 'valid':
      return { valid: true, code: verdict.code, ...about }
    case 'conflict':
      return { valid: false, code: verdict.code, ...about }
    case 'rate_limited': {
      const { code, retryAfterSeconds: retry_after_seconds } = verdict
      return { valid: false, code, ...about, retry_after_seconds }
    }
    case 'credits_exhausted': {
      const { code, retryAfterSeconds: retry_after_seconds } = verdict
      return { valid: false, code, ...about, retry_after_seconds }
    }
  }
}

function heldBy({ scopes, resources }: Powers) {
  return { scopes: [...scopes], resources: [...resources] }
}

/** Whose key it is. */
export function identityOf(
  { id, name, externalId, metadata, format, expiresAt, accountId, accountName }: KeyRecord,
  formats: TokenFormats,
): KeyIdentity {
  const expires_at = expiresAt === null ? null : writeTime(expiresAt)
  const environment = environmentOf(format, formats)
  return {
    key: { id, name, external_id: externalId, metadata, environment, format, expires_at },
    account: { id: accountId, name: accountName },
  }
}

function aboutKey(
  record: KeyRecord,
  left: LimitsRemaining | null,
  formats: TokenFormats,
): KeyContext {
  return { ...identityOf(record, formats), ...remainingOf(left) }
}

/** What the limits of the key have left, if they were read. */
export function remainingOf(
  left: LimitsRemaining | null,
): Pick<KeyContext, 'rate_limit' | 'credits'> {
  return {
    rate_limit:
      left === null || left.windows.length === 0 ? null : left.windows.map(rateLimitStatus),
    credits: left === null || left.credits === null ? null : { remaining: left.credits },
  }
}

// Verification for other services, by RPC or over HTTP, which parse their input. On the hot path: nothing here is
// loaded lazily.
import type { KeyContext, NoKeyContext, VerifyAnswer } from '../../contract/verify.ts'
import type { LimitsRemaining } from '../../core/limits.ts'
import type { KeyRecord } from '../../core/record.ts'
import { writeTime } from '../../core/time.ts'
import type { MeteredVerdict } from '../../core/verdict.ts'
import { type Charge, consumeLimits } from '../../keys/consume-limits.ts'
import { verify } from '../../keys/verify.ts'
import { floodPeriodSeconds, senderOf } from '../../storage/flood-limit.ts'
import { type Report, recordCheck } from '../report.ts'
import { countUse } from '../response/count-usage.ts'
import { unavailable } from '../response/failures.ts'
import { rateLimitStatus } from '../response/limit-headers.ts'
import { meterUnavailable } from '../response/refusals.ts'
import type { RequestLocation, Services } from '../services.ts'

/** `ip` is the address of the client, null where it is not known. */
export type VerifyInput = Charge & {
  token: string
  scopes: readonly string[]
  ip: string | null
  /** Reads the fence even while a lease runs. */
  fresh: boolean
}

/** The account whose keys a caller may verify, or all of the deployment. */
export type AccountScope = { accountId: string } | 'all'

/** The call that a verification belongs to: its services, where it came from, and what is logged of it. */
export type CallContext = { services: Services; from: RequestLocation; report: Report }

const nothing: NoKeyContext = {
  key: null,
  account: null,
  scopes: null,
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
  return answerOf(await verdictFor(scope, callContext, input))
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
  { services, from, report }: CallContext,
  { token, scopes, ip, fresh, ...charge }: VerifyInput,
): Promise<PublicVerdict> {
  const sender = () => senderFor(scope, ip)
  const settings = await services.verifySettings(sender)
  const stores = services.lookUpStores(from)
  const verification = await verify(stores, settings, token.trim(), { scopes, ip }, { fresh })
  const { verdict } = verification
  // Before the limits: a caller must not consume those of another account.
  if ('record' in verdict && scope !== 'all' && scope.accountId !== verdict.record.accountId) {
    recordCheck(report, verification, services.clock.now())
    return { code: 'invalid_api_key' }
  }
  const metered = await consumeLimits(() => services.meters(), verification, charge)
  recordCheck(report, metered, services.clock.now())
  countUse(services, report, metered.verdict, { tier: metered.tier, ip, isChecked: true })
  services.watchCredits(metered.verdict)
  if (metered.verdict.code === 'authority_unavailable') throw unavailable()
  if (metered.verdict.code === 'meter_unavailable') throw meterUnavailable()
  return metered.verdict
}

/** Without the address of its client, a service shares one bucket for all of them. */
function senderFor(scope: AccountScope, ip: string | null): string {
  const service = scope === 'all' ? 'binding' : `account/${scope.accountId}`
  return `${service}/${senderOf(ip)}`
}

function answerOf(verdict: PublicVerdict): VerifyAnswer {
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
    case 'ip_not_allowed':
      return { valid: false, code: verdict.code, ...aboutKey(verdict.record, null), scopes: null }
    case 'insufficient_scope': {
      const { code, powers, missing } = verdict
      const about = aboutKey(verdict.record, null)
      return { valid: false, code, ...about, scopes: [...powers.scopes], missing_scopes: missing }
    }
    default:
      return meteredAnswer(verdict)
  }
}

function meteredAnswer(verdict: Extract<PublicVerdict, { remaining?: unknown }>): VerifyAnswer {
  const about = aboutKey(verdict.record, verdict.remaining ?? null)
  const scopes = [...verdict.powers.scopes]
  switch (verdict.code) {
    case 'valid':
      return { valid: true, code: verdict.code, ...about, scopes }
    case 'conflict':
      return { valid: false, code: verdict.code, ...about, scopes }
    case 'rate_limited': {
      const { code, retryAfterSeconds: retry_after_seconds } = verdict
      return { valid: false, code, ...about, scopes, retry_after_seconds }
    }
    case 'credits_exhausted': {
      const { code, retryAfterSeconds: retry_after_seconds } = verdict
      return { valid: false, code, ...about, scopes, retry_after_seconds }
    }
  }
}

function aboutKey(record: KeyRecord, left: LimitsRemaining | null): KeyContext {
  const { id, name, expiresAt, accountId, accountName } = record
  const expires_at = expiresAt === null ? null : writeTime(expiresAt)
  return {
    key: { id, name, expires_at },
    account: { id: accountId, name: accountName },
    rate_limit:
      left === null || left.windows.length === 0 ? null : left.windows.map(rateLimitStatus),
    credits: left === null || left.credits === null ? null : { remaining: left.credits },
  }
}

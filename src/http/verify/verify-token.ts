// Answering other services about a key: what a verdict tells whoever asks by RPC or over HTTP. The
// doors check their input; nothing here parses, and nothing here is loaded lazily.

import type { KeyContext, NoKeyContext, VerifyAnswer } from '../../contract/verify.ts'
import type { LimitsRemaining } from '../../core/limits.ts'
import type { KeyRecord } from '../../core/record.ts'
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

/** What a service asks. `ip` is the client's address, null when it is not known. */
export type VerifyInput = Charge & {
  token: string
  scopes: readonly string[]
  ip: string | null
  /** Ask the fence even while a lease runs. */
  fresh: boolean
}

/** Whose keys are told of: one account's, or all of the deployment's. */
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

/** A token that is malformed, unknown or of an account that is not the asker's: one answer for all. */
export const invalidKey: VerifyAnswer = { valid: false, code: 'invalid_api_key', ...nothing }

/**
 * What may be told about a token. Takes from the limits of its key.
 * @throws Problem `authority_unavailable` when it is not known: never to be taken for a refusal.
 */
export async function verifyFor(
  audience: AccountScope,
  callContext: CallContext,
  asked: VerifyInput,
): Promise<VerifyAnswer> {
  return answerOf(await verdictFor(audience, callContext, asked))
}

/** Of a token of somebody else no more is told than of a token of nobody. */
export type PublicVerdict = Exclude<
  MeteredVerdict,
  { code: 'authority_unavailable' } | { code: 'meter_unavailable' }
>

/**
 * The verdict about a token as the audience may hear it.
 * @throws Problem `authority_unavailable`
 */
export async function verdictFor(
  audience: AccountScope,
  { services, from, report }: CallContext,
  { token, scopes, ip, fresh, ...charge }: VerifyInput,
): Promise<PublicVerdict> {
  const sender = () => senderFor(audience, ip)
  const settings = await services.verifySettings(sender)
  const stores = services.lookUpStores(from)
  const verification = await verify(stores, settings, token, { scopes, ip }, { fresh })
  const { verdict } = verification
  // Nobody may use up what belongs to another account.
  if (
    'record' in verdict &&
    audience !== 'all' &&
    audience.accountId !== verdict.record.accountId
  ) {
    recordCheck(report, verification, services.clock.now())
    return { code: 'invalid_api_key' }
  }
  const metered = await consumeLimits(() => services.meters(), verification, charge)
  recordCheck(report, metered, services.clock.now())
  countUse(services, metered.verdict)
  services.watchCredits(metered.verdict)
  if (metered.verdict.code === 'authority_unavailable') throw unavailable()
  if (metered.verdict.code === 'meter_unavailable') throw meterUnavailable()
  return metered.verdict
}

/** A service that does not pass the address of its client answers for what it passes on. */
function senderFor(audience: AccountScope, ip: string | null): string {
  const service = audience === 'all' ? 'binding' : `account/${audience.accountId}`
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
  const expires_at = expiresAt === null ? null : new Date(expiresAt).toISOString()
  return {
    key: { id, name, expires_at },
    account: { id: accountId, name: accountName },
    rate_limit:
      left === null || left.windows.length === 0 ? null : left.windows.map(rateLimitStatus),
    credits: left === null || left.credits === null ? null : { remaining: left.credits },
  }
}

// Answering other services about a key: what a verdict tells whoever asks by RPC or over HTTP. The
// doors check their input; nothing here parses, and nothing here is loaded lazily.
import { verify } from '../authority/verify.ts'
import type { KeyRecord } from '../core/record.ts'
import type { Decision, Verdict } from '../core/verdict.ts'
import { unavailable } from './failures.ts'
import { noteAsked, type Report } from './report.ts'
import { countUse } from './use.ts'
import {
  type Afterwards,
  type Isolate,
  lookUpStores,
  type Origin,
  verifySettings,
} from './wiring.ts'

/** What a service asks. `ip` is the client's address, null when it is not known. */
export type Asked = {
  token: string
  scopes: readonly string[]
  ip: string | null
  /** Ask the fence even while a lease runs. */
  fresh: boolean
}

/** Whose keys are told of: one account's, or all of the deployment's. */
export type Audience = { accountId: string } | 'all'

/** Where the question runs: the bindings, where it came from, what to finish after the answer, what to log. */
export type Surroundings = { env: Env; from: Origin; afterwards: Afterwards; report: Report }

type About = {
  key: { id: string; name: string; expires_at: string | null }
  account: { id: string; name: string }
  /** null until keys are metered. */
  rate_limit: null
  /** null until keys are metered. */
  credits: null
}
type AboutNothing = { key: null; account: null; scopes: null; rate_limit: null; credits: null }

/** The data of `keys/verify`. What is told of a key is told to those who hold its real token. */
export type VerifyAnswer =
  | ({ valid: true; code: 'valid'; scopes: string[] } & About)
  | ({
      valid: false
      code: 'insufficient_scope'
      scopes: string[]
      missing_scopes: string[]
    } & About)
  | ({
      valid: false
      code: 'revoked_api_key' | 'expired_api_key' | 'disabled_api_key' | 'ip_not_allowed'
      scopes: null
    } & About)
  | ({ valid: false; code: 'invalid_api_key' } & AboutNothing)

/** A token that is malformed, unknown or of an account that is not the asker's: one answer for all. */
export const invalidKey: VerifyAnswer = {
  valid: false,
  code: 'invalid_api_key',
  key: null,
  account: null,
  scopes: null,
  rate_limit: null,
  credits: null,
}

/**
 * What may be told about a token.
 * @throws Problem `authority_unavailable` when it is not known: never to be taken for a refusal.
 */
export async function verifyFor(
  audience: Audience,
  isolate: Isolate,
  surroundings: Surroundings,
  asked: Asked,
): Promise<VerifyAnswer> {
  const verdict = await decisionFor(audience, isolate, surroundings, asked)
  return verdict === null ? invalidKey : answerOf(verdict)
}

/**
 * The decision about a key of the audience; null for a token of nobody or of somebody else.
 * @throws Problem `authority_unavailable`
 */
export async function decisionFor(
  audience: Audience,
  isolate: Isolate,
  { env, from, afterwards, report }: Surroundings,
  { token, scopes, ip, fresh }: Asked,
): Promise<Decision | null> {
  const settings = await verifySettings(isolate, env, afterwards)
  const stores = lookUpStores(isolate, env, from)
  const verification = await verify(stores, settings, token, { scopes, ip }, { fresh })
  noteAsked(report, verification, isolate.clock.now())
  const decision = heardBy(audience, verification.verdict)
  if (decision !== null) countUse(isolate, env, afterwards, decision)
  return decision
}

function heardBy(audience: Audience, verdict: Verdict): Decision | null {
  if (verdict.code === 'authority_unavailable') throw unavailable()
  if (verdict.code === 'invalid_api_key') return null
  return audience === 'all' || audience.accountId === verdict.record.accountId ? verdict : null
}

function answerOf(decision: Decision): VerifyAnswer {
  const about = aboutKey(decision.record)
  switch (decision.code) {
    case 'valid':
      return { valid: true, code: decision.code, ...about, scopes: [...decision.powers.scopes] }
    case 'insufficient_scope': {
      const { code, powers, missing } = decision
      return { valid: false, code, ...about, scopes: [...powers.scopes], missing_scopes: missing }
    }
    case 'revoked_api_key':
    case 'expired_api_key':
    case 'disabled_api_key':
    case 'ip_not_allowed':
      return { valid: false, code: decision.code, ...about, scopes: null }
  }
}

function aboutKey({ id, name, expiresAt, accountId, accountName }: KeyRecord): About {
  const expires_at = expiresAt === null ? null : new Date(expiresAt).toISOString()
  return {
    key: { id, name, expires_at },
    account: { id: accountId, name: accountName },
    rate_limit: null,
    credits: null,
  }
}

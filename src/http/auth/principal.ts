// Authenticates the credential of a request: a key, or a person by JWT.
import type { Context } from 'hono'
import { refusalDetails } from '../../contract/refusals.ts'
import { environmentOf } from '../../core/environment.ts'
import type { TokenFormats } from '../../core/foreign.ts'
import type { KeyRecord } from '../../core/record.ts'
import { type Powers, powersOfRole } from '../../core/scopes.ts'
import {
  type AccessRequest,
  type Needs,
  type UnmetNeeds,
  unmetNeeds,
  type Verdict,
  type VerdictConfig,
} from '../../core/verdict.ts'
import { consumeLimits, oneCredit } from '../../keys/consume-limits.ts'
import { speculate } from '../../keys/speculate.ts'
import { type Verification, verify } from '../../keys/verify.ts'
import { senderOf } from '../../storage/flood-limit.ts'
import type { AppEnv } from '../app-env.ts'
import { recordCaller, recordPerson } from '../report.ts'
import { countUse } from '../response/count-usage.ts'
import { Problem } from '../response/problem.ts'
import { insufficientScope, missingCredential, refusal } from '../response/refusals.ts'
import type { Services } from '../services.ts'
import { readCredential, tokenInQuery } from './credentials.ts'
import { accountHeader, namedAccount, noSuchAccount } from './named-account.ts'

export type Principal = Powers & {
  accountId: string
  accountName: string
  /** null for a person. */
  key:
    | (Pick<KeyRecord, 'id' | 'name' | 'expiresAt' | 'createdBy' | 'externalId'> & {
        environment: string
      })
    | null
  /** null for a key. */
  personId: string | null
  /** Of a person in a suspended account: why they only read. Its keys are refused before there is a principal. */
  suspended: Problem | null
}

/** The request to authorize: usually this one; with forward auth, the one that a proxy holds. */
export type TargetRequest = { url: string; ip: string | null }

export function ownRequest({ url, headers }: Request): TargetRequest {
  return { url, ip: headers.get('cf-connecting-ip') }
}

/** A further condition, checked before the limits of the key are consumed. */
export type RequestCheck = (principal: Principal) => Problem | UnmetNeeds | null

const noCheck: RequestCheck = () => null

/**
 * The principal of the request's credential, which must have what the request needs. Consumes the limits of a key.
 * @throws Problem 401, 403, 429 or 503, or the problem of the check.
 */
export async function authenticate(
  c: Context<AppEnv>,
  needs: Needs,
  target: TargetRequest = ownRequest(c.req.raw),
  check: RequestCheck = noCheck,
): Promise<Principal> {
  const credential = readCredential(c.req.raw.headers)
  refuseTokenInQuery(c.env.config, target.url, credential.kind !== 'none')
  switch (credential.kind) {
    case 'none':
      throw missingCredential(refusalDetails.missing_credential)
    case 'jwt':
      return checked(check, await personByJwt(c, credential.token, needs))
    case 'key':
      return authenticateKey(c, credential.token, needs, target, check)
  }
}

export async function authenticateKey(
  c: Context<AppEnv>,
  token: string,
  needs: Needs,
  { ip }: TargetRequest = ownRequest(c.req.raw),
  check: RequestCheck = noCheck,
): Promise<Principal> {
  const checkOfAccount: RequestCheck = (principal) =>
    refuseOtherAccount(c.req.raw.headers, principal) ?? check(principal)
  return authenticateAnyKey(c, token, needs, { ip }, checkOfAccount)
}

/** As `authenticateKey`, also where the request names another account than that of the key. */
export async function authenticateAnyKey(
  c: Context<AppEnv>,
  token: string,
  needs: Needs,
  { ip }: Pick<TargetRequest, 'ip'>,
  check: RequestCheck,
): Promise<Principal> {
  const services = c.env
  const report = c.env.report
  let verification = await verifyKey(c, token, { ...needs, ip })
  const use = { tier: verification.tier, ip, isChecked: false }
  if (verification.verdict.code === 'valid') {
    const { record, powers } = verification.verdict
    const refused = check(principalOf(verification.verdict, services.config))
    if (refused instanceof Problem) {
      recordCaller(report, verification, services.clock.now())
      countUse(services, report, { code: policyCode(refused), record }, use)
      throw refused
    }
    if (refused !== null) {
      const verdict = { code: 'insufficient_scope', record, powers, ...refused } as const
      verification = { ...verification, verdict }
    }
  }
  const metered = await consumeLimits(services, verification, oneCredit)
  recordCaller(report, metered, services.clock.now())
  const { verdict } = metered
  countUse(services, report, verdict, use)
  services.watchCredits(verdict)
  if (verdict.code !== 'valid') throw refusal(verdict)
  return principalOf(verdict, services.config)
}

/** Verifies a key for this request. Consumes and counts nothing. */
export async function verifyKey(
  c: Context<AppEnv>,
  token: string,
  access: AccessRequest,
): Promise<Verification> {
  const sender = () => senderOf(access.ip ?? c.req.raw.headers.get('cf-connecting-ip'))
  const settings = c.env.verifySettings(sender)
  return verify(c.env.lookUpStores(c.req.raw), settings, token, access)
}

function checked(check: RequestCheck, principal: Principal): Principal {
  const refused = check(principal)
  if (refused !== null) throw refused instanceof Problem ? refused : insufficientScope(refused)
  return principal
}

/** A key acts in its own account. */
export function refuseOtherAccount(
  headers: Headers,
  { accountId }: Pick<Principal, 'accountId'>,
): Problem | null {
  const named = namedAccount(headers)
  return named === null || named === accountId ? null : noSuchAccount()
}

/** The code under which usage counts it. */
function policyCode({ code }: Problem): 'forbidden' | 'invalid_request' {
  return code === 'invalid_request' ? code : 'forbidden'
}

/**
 * The principal that memory has for the credential, fresh or not, or null. No I/O: it says nothing about whether
 * the key is still valid.
 */
export async function speculatedPrincipal(
  { config, clock, memory }: Pick<Services, 'config' | 'clock' | 'memory'>,
  { headers, url }: Request,
  needs: Needs,
): Promise<Principal | null> {
  const credential = readCredential(headers)
  if (credential.kind !== 'key' || tokenInQuery(url, config) !== null) return null
  if (headers.has(accountHeader)) return null
  const access = { ...needs, ip: headers.get('cf-connecting-ip') }
  const settings = { config, now: clock.now }
  const decision = await speculate({ memory }, settings, credential.token, access)
  return decision?.code === 'valid' ? principalOf(decision, config) : null
}

export function principalOf(
  { record, powers }: Extract<Verdict, { code: 'valid' }>,
  config: VerdictConfig,
): Principal {
  const { id, name, expiresAt, createdBy, externalId, accountId, accountName } = record
  const environment = environmentOf(record.format, config)
  return {
    accountId,
    accountName,
    key: { id, name, expiresAt, createdBy, externalId, environment },
    personId: null,
    suspended: null,
    ...powers,
  }
}

export async function personByJwt(
  c: Context<AppEnv>,
  token: string,
  needs: Needs,
): Promise<Principal> {
  const { personWithJwt, suspensionOf } = await import('./people.ts')
  const person = await personWithJwt(c.env.people, token, c.req.raw.headers)
  const { userId, accountId, accountName, role, standing } = person
  recordPerson(c.env.report, accountId, c.env.clock.now())
  const powers = powersOfRole(role, c.env.config)
  const unmet = unmetNeeds(needs, powers, c.env.config)
  if (unmet !== null) throw insufficientScope(unmet)
  const suspended = suspensionOf(standing)
  return { accountId, accountName, key: null, personId: userId, suspended, ...powers }
}

/** @throws Problem 401 where a token in the query is the only credential, 400 where there is another. */
export function refuseTokenInQuery(formats: TokenFormats, url: string, presented: boolean): void {
  const path = tokenInQuery(url, formats)
  if (path === null) return
  const detail =
    'A token in the query string is refused: send it as a header. Revoke this one, since URLs are logged.'
  if (!presented) throw missingCredential(detail)
  const errors = [{ path, message: 'Tokens in URLs are not accepted' }]
  throw new Problem('invalid_request', { detail, errors })
}

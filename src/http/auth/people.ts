// Authenticates people by JWT or session; outcomes become problems. Loaded only when a person calls.
import type { AccountStanding } from '../../core/standing.ts'
import { type Awaiting, findAwaiting } from '../../identity/factors/complete.ts'
import { type JwtOutcome, personOfJwt } from '../../identity/jwt.ts'
import { isOfForeignPage } from '../../identity/origins.ts'
import { requiredFactorDetail } from '../../identity/required-factor.ts'
import {
  findSession,
  type Person,
  personOfSession,
  type Session,
  type SessionOutcome,
} from '../../identity/session.ts'
import type { PeopleSettings } from '../../identity/settings.ts'
import { suspendedDetail } from '../../identity/suspended.ts'
import { unavailable } from '../response/failures.ts'
import { Problem } from '../response/problem.ts'
import { challenge, missingCredential } from '../response/refusals.ts'
import { isSafeMethod } from '../routing/method.ts'
import { readCredential } from './credentials.ts'
import { namedAccount, noSuchAccount } from './named-account.ts'

/** The person of a JWT, in the account that the request names. @throws Problem */
export async function personWithJwt(
  settings: PeopleSettings,
  token: string,
  headers: Headers,
): Promise<Person> {
  const named = namedAccount(headers)
  return personOrProblem(await personOfJwt(token, { ...settings, named }), named)
}

/** The person of a session cookie, in the account that the request names. @throws Problem */
export async function personWithSession(
  settings: PeopleSettings,
  request: Request,
): Promise<Person> {
  refuseForeignPage(request, settings)
  const named = namedAccount(request.headers)
  return personOrProblem(await personOfSession(request.headers, settings, named), named)
}

/** The session of a cookie, whether or not the person is member of an account. @throws Problem */
export async function sessionOf(settings: PeopleSettings, request: Request): Promise<Session> {
  refuseOtherCredential(request)
  refuseForeignPage(request, settings)
  const session = await findSession(request.headers, settings).catch((cause) => {
    throw unavailable(cause)
  })
  if (session === null) throw missingCredential('Sign in first.')
  return session
}

/** The session of a cookie that awaits its second factor. @throws Problem */
export async function awaitingOf(settings: PeopleSettings, request: Request): Promise<Awaiting> {
  refuseOtherCredential(request)
  refuseForeignPage(request, settings)
  const session = await findAwaiting(request.headers, settings, Date.now()).catch((cause) => {
    throw unavailable(cause)
  })
  if (session === null) throw missingCredential('No sign-in awaits a second factor: sign in.')
  return session
}

/** Where only a session counts, a key or a JWT beside it is refused, good or bad: nothing falls back. @throws Problem 403 */
export function refuseOtherCredential({ headers }: Request): void {
  if (readCredential(headers).kind === 'none') return
  const detail = 'This requires a session cookie, without another credential.'
  throw new Problem('forbidden', { detail })
}

/** Why the people of an account may not do more than read; null where they may. */
export function suspensionOf({ isSuspended }: AccountStanding): Problem | null {
  return isSuspended ? new Problem('forbidden', { detail: suspendedDetail }) : null
}

/** What changes something, or begins a session, comes from a page of ours. @throws Problem 403 */
export function refuseForeignPage(
  { headers, method }: Request,
  { baseUrl }: { baseUrl: string },
): void {
  if (isSafeMethod(method) || !isOfForeignPage(headers, baseUrl)) return
  const detail = 'A page of another origin may not act with this session.'
  throw new Problem('forbidden', { detail })
}

/** The session or JWT is in no account of the person, and the request names none. */
export function noAccountChosen(): Problem {
  const detail = 'No account of yours is chosen: name one by `Latchkey-Account`.'
  return new Problem('forbidden', { detail })
}

function personOrProblem(outcome: JwtOutcome | SessionOutcome, named: string | null): Person {
  switch (outcome.kind) {
    case 'person':
      if (outcome.lacksFactor) throw new Problem('forbidden', { detail: requiredFactorDetail })
      return outcome
    case 'none':
      throw missingCredential('Sign in, or present a JWT or a key that holds keys:manage.')
    case 'invalid_token':
      throw new Problem('invalid_token', { headers: challenge('invalid_token') })
    case 'no_account':
      // An account of others looks like one that does not exist.
      throw named === null ? noAccountChosen() : noSuchAccount()
    case 'unavailable':
      throw unavailable(outcome.cause)
  }
}

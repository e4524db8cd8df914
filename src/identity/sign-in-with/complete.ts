// What follows from an answer of a provider: a session, a new user who is invited, or a link. Nobody is linked by their
// e-mail address (docs/decisions/0034).
import type { SignInProvider } from '../../core/sign-in.ts'
import { isSteppedUp } from '../../core/step-up.ts'
import type { Acting } from '../../storage/factor-notice.ts'
import { createInvited, linkSubject, userIdOfSubject } from '../../storage/sign-in-links.ts'
import type { PeopleSettings } from '../settings.ts'
import type { Flow } from './flow.ts'
import { identify } from './identify.ts'
import type { Identity } from './identity.ts'

/** Why a sign-in with another provider ended; in `?error=` of the page to which it leads. */
export const signInErrors = [
  'denied',
  'expired',
  'failed',
  'linked_elsewhere',
  'not_proved',
  'signed_out',
  'too_many',
  'unavailable',
  'unknown_person',
] as const
export type SignInError = (typeof signInErrors)[number]

export type Completed =
  | { kind: 'signed_in'; userId: string; provedAt: number | null; invitationId: string | null }
  | { kind: 'linked' }
  | { kind: 'refused'; error: SignInError }

type Answer = { parameters: URLSearchParams; state: string }

/** @throws Error where the answer is not valid or the provider does not answer; StoreUnavailable */
export async function completeSignIn(
  settings: PeopleSettings,
  provider: SignInProvider,
  flow: Flow,
  answer: Answer,
  acting: Acting,
): Promise<Completed> {
  const { nowMs } = acting
  const identified = await identify(provider, flow, answer, settings.baseUrl, nowMs)
  if (identified.kind === 'denied') return refused('denied')
  const { identity } = identified
  if (flow.link === null) return signIn(settings, provider, flow, identity, nowMs)
  const { issuer, signedInWith, name } = provider
  const { userId, sessionId, email } = flow.link
  const linking = await linkSubject(
    settings.db,
    { userId, email, hasMail: settings.hasMail, acting },
    { issuer, subject: identity.subject, signedInWith, name, sessionId },
  )
  switch (linking) {
    case 'linked':
      return { kind: 'linked' }
    case 'linked_elsewhere':
      return refused('linked_elsewhere')
    case 'refused':
      return refused('signed_out')
  }
}

async function signIn(
  { db }: PeopleSettings,
  { issuer }: SignInProvider,
  { isFresh, next }: Flow,
  { subject, authenticatedAt: provedAt, readProfile }: Identity,
  nowMs: number,
): Promise<Completed> {
  if (isFresh && !isSteppedUp(provedAt, nowMs)) return refused('not_proved')
  const of = { issuer, subject }
  const known = await userIdOfSubject(db, of)
  if (known !== null) return { kind: 'signed_in', userId: known, provedAt, invitationId: null }
  const profile = await readProfile()
  const userId = crypto.randomUUID()
  const newcomer = { ...of, ...profile, userId, invitationId: invitationIn(next) }
  const invitationId = await createInvited(db, newcomer, nowMs)
  if (invitationId !== null) return { kind: 'signed_in', userId, provedAt, invitationId }
  // Of two sign-ins at once, the other one may have been first.
  const first = await userIdOfSubject(db, of)
  if (first !== null) return { kind: 'signed_in', userId: first, provedAt, invitationId }
  // The same answer where a user has the address, so that nobody learns who is one.
  return refused('unknown_person')
}

/** The invitation on whose page the sign-in began. */
function invitationIn(next: string | null): string | null {
  return /^\/invitations\/([0-9a-f-]{36})$/.exec(next ?? '')?.[1] ?? null
}

function refused(error: SignInError): Completed {
  return { kind: 'refused', error }
}

// What people can guess at through Better Auth's endpoints, and what a guess is counted by before the endpoint runs.
import { APIError } from 'better-auth/api'
import { networkOf } from '../core/address.ts'
import { digestOf } from '../core/token.ts'
import { type Counter, countAttempt } from '../storage/attempts.ts'
import { passwordCounter } from './check-password.ts'
import type { PeopleSettings } from './settings.ts'

export type AuthRequest = {
  headers: Headers | undefined
  body: Record<string, unknown> | undefined
  /** Of the session; null without one. */
  userId: string | null
  /** The known browser of the e-mail address (known-device.ts); null for any other. */
  device: string | null
}

type Limit = {
  /** None where the endpoint refuses such a request by itself. */
  countersOf(request: AuthRequest, settings: PeopleSettings): Promise<Counter[]> | Counter[]
  detail: string
  /** Successes count too: the limit is on what the endpoint does. */
  countsSuccesses?: true
}

const minuteMs = 60_000
const windowMs = 15 * minuteMs
const invitationsPerSignIn = 6

/**
 * Guesses from one network refuse only that network: a count over all networks would lock the owner out. Known
 * browsers have a count of their own, beside attackers in their network.
 */
async function ofSignIn(
  { headers, body, device }: AuthRequest,
  { signInPerMinute: max }: PeopleSettings,
): Promise<Counter[]> {
  if (device !== null) return [{ key: `device/${device}`, max, windowMs }]
  const network = networkOf(headers?.get('cf-connecting-ip') ?? null) ?? 'unknown'
  // Stored as a digest; an unknown e-mail address is counted like any other.
  const email = await digestOf(String(body?.email).trim().toLowerCase())
  return [
    { key: `email/${email}/${network}`, max, windowMs },
    { key: `sign-in/${network}`, max, windowMs: minuteMs },
  ]
}

const ofUser = (counterOf: (userId: string, settings: PeopleSettings) => Counter) =>
  function countersOf({ userId }: AuthRequest, settings: PeopleSettings): Counter[] {
    return userId === null ? [] : [counterOf(userId, settings)]
  }

const ofInvitation: Limit = {
  countersOf: ofUser((userId, { signInPerMinute: max }) => {
    return { key: `invitation/${userId}`, max, windowMs: minuteMs }
  }),
  detail: 'Too many attempts.',
}

const hourMs = 60 * minuteMs
const mailsPerHour = 5

/** With mail, also by the address: it can be written to without being asked. */
async function ofInviting(
  { userId, body }: AuthRequest,
  { signInPerMinute, hasMail }: PeopleSettings,
): Promise<Counter[]> {
  if (userId === null) return []
  const max = signInPerMinute * invitationsPerSignIn
  const ofPerson = { key: `invite/${userId}`, max, windowMs: minuteMs }
  if (!hasMail) return [ofPerson]
  const email = await digestOf(String(body?.email).trim().toLowerCase())
  return [ofPerson, { key: `invite/${userId}/${email}`, max: mailsPerHour, windowMs: hourMs }]
}

const limits: Record<string, Limit> = {
  '/sign-in/email': {
    countersOf: ofSignIn,
    detail: 'Too many attempts. Browsers that have signed in here before are counted apart.',
  },
  '/change-password': { countersOf: ofUser(passwordCounter), detail: 'Too many attempts.' },
  '/organization/accept-invitation': ofInvitation,
  '/organization/reject-invitation': ofInvitation,
  '/organization/invite-member': {
    countersOf: ofInviting,
    detail: 'Too many invitations.',
    countsSuccesses: true,
  },
}

/** Whether the count of an endpoint needs to know whose session it is. */
export function isLimited(path: string): boolean {
  return Object.hasOwn(limits, path)
}

export type Guesses = ReturnType<typeof createGuesses>

/** The guesses of one request. */
export function createGuesses(settings: PeopleSettings, now: () => number) {
  const successes: (() => Promise<void>)[] = []
  return {
    /** Counts a request for an endpoint. @throws APIError 429, StoreUnavailable */
    async count(path: string, request: AuthRequest): Promise<void> {
      const limit = isLimited(path) ? limits[path] : undefined
      const counters = (await limit?.countersOf(request, settings)) ?? []
      if (limit === undefined || counters.length === 0) return
      const attempt = await countAttempt(settings.db, counters, now())
      if (attempt.kind === 'refused') {
        const headers = { 'retry-after': String(attempt.seconds) }
        throw new APIError('TOO_MANY_REQUESTS', { message: limit.detail }, headers)
      }
      if (limit.countsSuccesses !== true) successes.push(attempt.takeBack)
    },
    /** After the request succeeded. */
    async succeeded(): Promise<void> {
      for (const takeBack of successes) await takeBack()
    },
  }
}

// /api/auth/*: forwards to Better Auth, maps its failures to problems, and makes a change of a member wait for
// the fences. The first request loads Better Auth.
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import type { FactorKind } from '../../../core/factors.ts'
import { targetOf } from '../../../core/target.ts'
import { digestOf } from '../../../core/token.ts'
import { needsSession } from '../../../identity/inputs.ts'
import { within } from '../../../storage/unavailable.ts'
import type { AppEnv } from '../../app-env.ts'
import { actingOf } from '../../auth/acting.ts'
import { countChangeOfPerson } from '../../auth/change-quota.ts'
import { refuseFlood } from '../../auth/guess.ts'
import { namedAccount } from '../../auth/named-account.ts'
import { refuseOtherCredential, sessionOf } from '../../auth/people.ts'
import { answerUnknownPath } from '../../response/failures.ts'
import { authEndpointPath } from './auth-endpoints.ts'
import { failureOf, problemOf, signInPath } from './auth-problems.ts'
import { afterFailedSignIn } from './failed-sign-in.ts'
import { rememberBrowser } from './known-browser.ts'
import { readSignIn } from './sign-in.ts'

const signedIn = z.object({ user: z.object({ id: z.string() }) })

export type MembershipChange = { accountId: string }

export type AuthRoutesOptions = {
  /**
   * Awaited before a change of members (or of the account's name) is answered.
   * @returns the regions in which the keys that inherit do not yet follow.
   */
  afterMembershipChange: (change: MembershipChange, c: Context<AppEnv>) => Promise<string[]>
}

export function createAuthRoutes({ afterMembershipChange }: AuthRoutesOptions): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()
  routes.all('/*', async (c) => {
    const path = authEndpointPath(c.req.method, c.req.raw.url)
    if (path === null) return answerUnknownPath(c)
    const settings = c.env.people
    // What is presented beside a session counts before it.
    const readsSession = needsSession(path) || path === '/get-session'
    if (readsSession && hasSession(c.req.raw)) refuseOtherCredential(c.req.raw)
    const { bodyProblem } = c.var
    if (bodyProblem !== undefined) {
      if (needsSession(path)) await sessionOf(settings, c.req.raw)
      throw bodyProblem
    }
    const entry = path === signInPath ? await readSignIn(c.req.raw, settings) : null
    const device = entry?.device ?? null
    if (costsStore(c.req.method, path)) await refuseFlood(c, await senderOfPerson(c, path, device))
    const { response: answer, awaits } = await callBetterAuth(c, path, device)
    if (awaits.length > 0 && answer.ok) return awaitingAnswer(answer, awaits)
    if (answer.status === 401 && entry !== null) {
      afterFailedSignIn(c, { email: entry.email, method: 'password' })
    }
    if (answer.status >= 400) throw await problemOf(answer, path, c.req.raw.headers)
    const accountId = await changedAccount(path, answer)
    const pending = accountId === null ? [] : await afterMembershipChange({ accountId }, c)
    const response =
      pending.length > 0
        ? await notYetEverywhere(answer, pending)
        : new Response(answer.body, answer)
    response.headers.set('cache-control', 'no-store')
    if (entry !== null) {
      const { user } = signedIn.parse(await response.clone().json())
      const person = { userId: user.id, email: entry.email, method: 'password' }
      response.headers.append('set-cookie', await rememberBrowser(c, person, device))
    }
    return response
  })
  return routes
}

function hasSession({ headers }: Request): boolean {
  return headers.get('cookie')?.includes('session_token=') ?? false
}

/** Requests of clients without a session can reach D1 here. */
function costsStore(method: string, path: string): boolean {
  return method === 'POST' || path === '/jwks'
}

/**
 * Whose flood it is. A session or a known browser is counted apart from others in its network. A forged session
 * cookie ends at its signature, before D1, so it need not be counted with the others.
 */
async function senderOfPerson(
  c: Context<AppEnv>,
  path: string,
  device: string | null,
): Promise<string | undefined> {
  if (device !== null) return `device/${device}`
  const token = /session_token=([^;]+)/.exec(c.req.raw.headers.get('cookie') ?? '')?.[1]
  if (path === signInPath || path === '/jwks' || token === undefined) return undefined
  return `session/${await digestOf(token)}`
}

/** Signed in, but for a second factor: POST /api/auth/factor. The browser is not yet one that has signed in here. */
function awaitingAnswer({ headers: given }: Response, awaits_factor: FactorKind[]): Response {
  const headers = new Headers(given)
  headers.delete('content-length')
  headers.set('cache-control', 'no-store')
  return Response.json({ awaits_factor }, { headers })
}

/** 200 means that every region is up to date; otherwise 202 with the pending regions added to the body. */
async function notYetEverywhere(answer: Response, pending_regions: string[]): Promise<Response> {
  const changed = (await answer.json()) as object
  const headers = new Headers(answer.headers)
  headers.delete('content-length')
  return Response.json({ ...changed, pending_regions }, { status: 202, headers })
}

/** Better Auth has no timeout for D1. */
const timeoutMs = 10_000

async function callBetterAuth(
  c: Context<AppEnv>,
  path: string,
  device: string | null,
): Promise<{ response: Response; awaits: FactorKind[] }> {
  const request = c.req.raw
  const { people, clock } = c.env
  const { createAuth } = await import('../../../identity/auth.ts')
  const accountId = namedAccount(request.headers)
  const onChange = (userId: string, changed: string) => countChangeOfPerson(c, userId, changed)
  const acting = actingOf(c)
  const client = { place: acting.place, device, accountId, acting, onChange }
  const auth = await createAuth(people, client, clock.now)
  try {
    const outcome = auth.handler(canonicalRequest(request, path), path).then(
      (answer) => ({ answer }),
      (cause) => ({ cause }),
    )
    const settled = await within('D1', timeoutMs, outcome)
    if ('cause' in settled) throw settled.cause
    return settled.answer
  } catch (cause) {
    throw failureOf(cause)
  } finally {
    // A claim that cannot be released expires.
    await auth.release().catch(() => {})
  }
}

/**
 * The request for Better Auth: with the path of the endpoint that matched, and cookies as the only credential, since a
 * key must never be able to obtain a session or a JWT.
 */
function canonicalRequest(request: Request, path: string): Request {
  const headers = new Headers(request.headers)
  headers.delete('authorization')
  headers.delete('x-api-key')
  // Node's fetch sends `Sec-Fetch-Mode: cors` without an Origin, which Better Auth takes for a broken browser.
  if (!canBeForeignPage(headers)) {
    for (const name of ['sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-site']) headers.delete(name)
  }
  const { url } = request
  const { path: raw, query } = targetOf(url)
  const origin = url.slice(0, url.length - raw.length - query.length)
  return new Request(new Request(`${origin}/api/auth${path}${query}`, request), { headers })
}

/** No page of another origin can make a browser omit `Origin`, `Cookie` and `Sec-Fetch-Site` all at once. */
function canBeForeignPage(headers: Headers): boolean {
  if (headers.has('origin') || headers.has('cookie')) return true
  const site = headers.get('sec-fetch-site')
  return site !== null && site !== 'same-origin' && site !== 'none'
}

const ofMember = z.object({ organizationId: z.string() }).transform((body) => body.organizationId)
const wrappedMember = z.object({ member: ofMember }).transform((body) => body.member)
const ofAccount = z.object({ id: z.string() }).transform((body) => body.id)

// Responses of Better Auth that change a member or the account, and where they contain the account id.
const changes: Record<string, z.ZodType<string>> = {
  '/organization/update-member-role': ofMember,
  '/organization/remove-member': wrappedMember,
  '/organization/leave': ofMember,
  '/organization/accept-invitation': wrappedMember,
  '/organization/update': ofAccount,
}

async function changedAccount(path: string, answer: Response): Promise<string | null> {
  const schema = Object.hasOwn(changes, path) ? changes[path] : undefined
  if (schema === undefined) return null
  return schema.parse(await answer.clone().json())
}

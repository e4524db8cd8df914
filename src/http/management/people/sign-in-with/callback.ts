// GET /api/auth/callback/{provider}: a browser comes back from a provider. Whatever happens ends on a page of the dashboard.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { SignInProvider } from '../../../../core/sign-in.ts'
import { targetOf } from '../../../../core/target.ts'
import { knownDevice } from '../../../../identity/known-device.ts'
import type { Completed, SignInError } from '../../../../identity/sign-in-with/complete.ts'
import type { Flow } from '../../../../identity/sign-in-with/flow.ts'
import { log } from '../../../../log.ts'
import { emailOf } from '../../../../storage/address.ts'
import { StoreUnavailable } from '../../../../storage/unavailable.ts'
import type { AppEnv } from '../../../app-env.ts'
import { actingOf } from '../../../auth/acting.ts'
import { refuseFlood } from '../../../auth/guess.ts'
import { Problem } from '../../../response/problem.ts'
import { createRouter } from '../../../routing/router.ts'
import { anonymous } from '../../../routing/security.ts'
import { rememberBrowser } from '../known-browser.ts'
import { providerField, tags } from './schema.ts'

// Given twice, it is refused as the protocol says, on a page.
const param = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .openapi({ type: 'string' })

const callback = createRoute({
  method: 'get',
  path: '/api/auth/callback/{provider}',
  operationId: 'completeSignInWithProvider',
  tags,
  security: anonymous,
  summary: 'Where a provider sends the browser back',
  description:
    'The redirect URI to register with the provider. Other parameters are ignored (RFC 6749 4.1.2). Leads to a page, with `?error=` where it failed.',
  request: {
    params: z.object({ provider: providerField.regex(/^[a-z0-9-]+$/) }),
    // Loose: a provider may send more than is specified.
    query: z.looseObject({ code: param, state: param, iss: param, error: param }),
  },
  responses: {
    302: { description: 'To a page of the dashboard, with the cookie of a session' },
  },
})

/** For the texts of the dashboard. */
export type { SignInError }

/** The page to which it leads, and the cookies that it sets. */
type Ending = { page: string; cookies: string[] }

export function createSignInCallback() {
  return createRouter().openapi(callback, async (c) => {
    const { page, cookies } = await endingOf(c, c.req.valid('param').provider)
    for (const cookie of cookies) c.header('set-cookie', cookie, { append: true })
    c.header('cache-control', 'no-store')
    return c.redirect(page, 302)
  })
}

async function endingOf(c: Context<AppEnv>, id: string): Promise<Ending> {
  const { people: settings } = c.env
  const provider = settings.providers.find((each) => each.id === id)
  const parameters = new URLSearchParams(targetOf(c.req.raw.url).query)
  const state = parameters.get('state') ?? ''
  if (provider === undefined || state === '') return errorPage('expired', null)
  const { endedFlowCookie, readFlow } = await import('../../../../identity/sign-in-with/flow.ts')
  const of = { providerId: id, state }
  const flow = await readFlow(c.req.raw.headers, of, settings, Date.now())
  // Not of this browser: it costs no store, and ends no other flow.
  if (flow === null) return errorPage('expired', null)
  const ending = await completed(c, provider, flow, { parameters, state })
  return { ...ending, cookies: [endedFlowCookie(settings), ...ending.cookies] }
}

async function completed(
  c: Context<AppEnv>,
  provider: SignInProvider,
  flow: Flow,
  answer: { parameters: URLSearchParams; state: string },
): Promise<Ending> {
  try {
    await refuseFlood(c)
    if (c.env.changesStopped) return errorPage('unavailable', flow)
    const { completeSignIn } = await import('../../../../identity/sign-in-with/complete.ts')
    const outcome = await completeSignIn(c.env.people, provider, flow, answer, actingOf(c))
    return await follow(c, provider, flow, outcome)
  } catch (error) {
    return errorPage(await errorOf(provider, error), flow)
  }
}

async function follow(
  c: Context<AppEnv>,
  { signedInWith }: SignInProvider,
  flow: Flow,
  outcome: Completed,
): Promise<Ending> {
  switch (outcome.kind) {
    case 'refused':
      return errorPage(outcome.error, flow)
    case 'linked':
      c.env.dispatchWebhooks()
      return { page: flow.next ?? '/profile', cookies: [] }
    case 'signed_in': {
      const { userId, provedAt, invitationId } = outcome
      const { createAuth } = await import('../../../../identity/auth.ts')
      const acting = actingOf(c)
      const { place } = acting
      const client = { place, acting, device: null, accountId: null, onChange: async () => {} }
      const auth = await createAuth(c.env.people, client, c.env.clock.now)
      const begun = { userId, signedInWith, provedAt }
      const { cookies, awaits } = await auth.startExternalSession(c.req.raw.headers, begun)
      const page = invitationId === null ? (flow.next ?? '/keys') : `/invitations/${invitationId}`
      if (awaits.length === 0) {
        return { page, cookies: [...cookies, await rememberUser(c, userId, signedInWith)] }
      }
      return { page: pageWith('/sign-in', { awaits_factor: awaits.join(), next: page }), cookies }
    }
  }
}

async function rememberUser(c: Context<AppEnv>, userId: string, method: string): Promise<string> {
  const { people } = c.env
  const email = await emailOf(people.db, userId)
  const device = await knownDevice(c.req.raw.headers, email, people)
  const cookie = await rememberBrowser(c, { userId, email, method }, device)
  if (people.hasMail) c.env.sendMail()
  return cookie
}

async function errorOf(provider: SignInProvider, error: unknown): Promise<SignInError> {
  if (error instanceof Problem && error.code === 'rate_limited') return 'too_many'
  if (error instanceof StoreUnavailable) {
    log('error', 'sign_in_with_failed', { provider: provider.id, cause: error })
    return 'unavailable'
  }
  const { reportFailure } = await import('../../../../identity/sign-in-with/failure.ts')
  return reportFailure(provider, error)
}

/** Who links is signed in, and is told where they began. */
function errorPage(error: SignInError, flow: Flow | null): Ending {
  if (flow?.link) return { page: pageWith('/profile', { error }), cookies: [] }
  const next = flow?.next ?? null
  return { page: pageWith('/sign-in', { error, ...(next !== null && { next }) }), cookies: [] }
}

function pageWith(path: string, parameters: Record<string, string>): string {
  return `${path}?${new URLSearchParams(parameters)}`
}

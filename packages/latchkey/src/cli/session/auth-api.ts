// The routes of one person: signing in, its second factor, step-up, the JWT of a session.
import { deploymentUrl } from '../../deployment-url.ts'
import { errorOf, LatchkeyError, ownFailure } from '../../error.ts'
import { cookieHeader, withCookies } from './cookies.ts'

export type FactorKind = 'passkey' | 'totp' | 'recovery_code'
export type StepUpMethod = 'passkey' | 'totp' | 'password'
export type Cookies = Record<string, string>
export type Membership = { id: string; name: string }

const timeoutMs = 30_000

/** One person at one deployment, by cookies that its answers change. */
export function authApi(url: string, initial: Cookies = {}) {
  const urlOf = deploymentUrl(url)
  let cookies = initial
  async function call<Answer>(method: string, path: string, json?: object): Promise<Answer> {
    const headers = new Headers({ accept: 'application/json', origin: urlOf('').origin })
    if (Object.keys(cookies).length > 0) headers.set('cookie', cookieHeader(cookies))
    if (json !== undefined) headers.set('content-type', 'application/json')
    const response = await fetch(urlOf(path), {
      ...{ method, headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    }).catch((cause: unknown) => {
      throw ownFailure('unreachable', `${urlOf('').origin} cannot be reached.`, cause)
    })
    const body: unknown = await response.json().catch(() => null)
    if (!response.ok) throw errorOf(response, body)
    cookies = withCookies(cookies, response)
    return body as Answer
  }
  return {
    cookies: () => cookies,
    /** The factors that are awaited; none where the sign-in is complete. */
    async signIn(email: string, password: string): Promise<FactorKind[]> {
      type Answer = { awaits_factor?: FactorKind[] }
      const answer = await call<Answer>('POST', '/api/auth/sign-in/email', { email, password })
      return answer.awaits_factor ?? []
    },
    completeSignIn: (proof: { code: string } | { recovery_code: string }) =>
      call('POST', '/api/auth/factor', proof),
    stepUp: (proof: { code: string } | { password: string }) =>
      call('POST', '/api/auth/step-up', proof),
    async stepUpMethod(): Promise<StepUpMethod | null> {
      type Answer = { data: { step_up: StepUpMethod | null } }
      return (await call<Answer>('GET', '/api/auth/factors')).data.step_up
    },
    async jwt(): Promise<string> {
      return (await call<{ token: string }>('GET', '/api/auth/token')).token
    },
    async user(): Promise<{ email: string; name: string } | null> {
      type Answer = { user: { email: string; name: string } } | null
      return (await call<Answer>('GET', '/api/auth/get-session'))?.user ?? null
    },
    accounts: () => call<Membership[]>('GET', '/api/auth/organization/list'),
    signOut: () => call('POST', '/api/auth/sign-out', {}),
  }
}

export type AuthApi = ReturnType<typeof authApi>

/** A wrong password or code, and no failure of the request. */
export function isWrong(error: unknown): error is LatchkeyError {
  return error instanceof LatchkeyError && [401, 403].includes(error.httpStatus)
}

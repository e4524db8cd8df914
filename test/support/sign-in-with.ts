// Journeys through other providers: a browser begins, the provider answers, and the browser comes back.
import { env } from 'cloudflare:workers'
import type { SignIn } from '../../src/core/sign-in.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { cookiesOf, someAddress } from './factors.ts'
import config from './latchkey.config.ts'
import { fromOwnPage } from './permission-matrix.ts'
import { type Answer, createSkippingClock, createTestApp, type TestApp } from './test-app.ts'

export function appWith(signIn: SignIn<Env>, bindings: Partial<Env> = {}): Promise<TestApp> {
  const clock = createSkippingClock()
  return createTestApp({ clock, isolate: createIsolate({ ...config, signIn }, clock), bindings })
}

export type Begun = { url: string; cookie: string }

/** From our own sign-in page. */
export async function begin(app: TestApp, body: Record<string, unknown>): Promise<Begun> {
  const headers = { ...fromOwnPage, 'cf-connecting-ip': someAddress() }
  const answer = await app.request('POST', '/api/auth/sign-in/provider', { headers, body })
  if (answer.status !== 200) throw new Error(`Not begun: ${answer.status} ${answer.text}`)
  return { url: answer.body.data.url, cookie: cookiesOf(answer, /sign_in_with/) }
}

/** With the cookie of the beginning alone: a redirect of another site carries no strict cookie. */
export function comeBack(
  app: TestApp,
  provider: string,
  parameters: Record<string, string>,
  cookie: string,
): Promise<Answer> {
  const headers = {
    ...{ accept: 'text/html', 'cf-connecting-ip': someAddress(), 'sec-fetch-site': 'cross-site' },
    ...(cookie !== '' && { cookie }),
  }
  const query = new URLSearchParams(parameters)
  return app.request('GET', `/api/auth/callback/${provider}?${query}`, { headers })
}

/** The page to which an answer leads, and its query. */
export function pageOf({ status, headers }: Answer): string {
  return status === 302 ? (headers.get('location') ?? '') : `status ${status}`
}

export const sessionCookie = (answer: Answer) => cookiesOf(answer, /session_token=./)

export async function sessionRow(answer: Answer): Promise<Record<string, unknown> | null> {
  const value = sessionCookie(answer).split('=')[1] ?? ''
  const token = decodeURIComponent(value).split('.')[0] ?? ''
  return env.DB.prepare('SELECT * FROM session WHERE token = ?').bind(token).first()
}

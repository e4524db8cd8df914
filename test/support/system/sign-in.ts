// Signing in as a program: set-up, session cookie, JWT.
import { acme } from '../../../scripts/demo-accounts.ts'

export type Person = { email: string; password: string }

/** Sends requests to one Latchkey: `path` is relative to its origin. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>

export const demoOwner = (password: string): Person => ({
  email: acme.people[0]?.email ?? '',
  password,
})

export function sendTo(origin: string): Send {
  return (path, init) => fetch(origin + path, init)
}

/** The first account and its owner. */
export async function setUp(
  send: Send,
  origin: string,
  token: string,
  owner: Person,
): Promise<void> {
  await post(send, origin, '/api/setup', {
    setup_token: token,
    account: 'Acme Inc',
    name: 'Ada',
    ...owner,
  })
}

/** @returns the `Cookie` header of the session. */
export async function signIn(send: Send, origin: string, person: Person): Promise<string> {
  const { headers } = await post(send, origin, '/api/auth/sign-in/email', person)
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}

/** The JWT of a session, for `Authorization: Bearer`. */
export async function jwtOf(send: Send, cookie: string): Promise<string> {
  const response = await send('/api/auth/token', { headers: { cookie } })
  return ((await response.json()) as { token: string }).token
}

async function post(send: Send, origin: string, path: string, body: object): Promise<Response> {
  const response = await send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify(body),
  })
  if (response.ok) return response
  throw new Error(`${path}: ${response.status} ${await response.text()}`)
}

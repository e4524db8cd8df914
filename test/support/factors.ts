// People with second factors.
import { env } from 'cloudflare:workers'
import type { Role } from '../../src/core/role.ts'
import { hashPassword } from '../../src/identity/password.ts'
import { fromOwnPage, givePassword, password } from './permission-matrix.ts'
import { type Answer, addPerson, type TestApp, type TestPerson } from './test-app.ts'

export const emailOf = ({ id }: Pick<TestPerson, 'id'>) => `${id}@example.test`

/** A separate address for each request, so that none is throttled for another. */
export const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')

let hash: string | undefined

/** A new member of an account, who signs in with a password. */
export async function newPerson(accountId: string, role: Role = 'owner'): Promise<TestPerson> {
  hash ??= await hashPassword(password)
  const person = await addPerson(accountId, role)
  await givePassword(person, hash)
  return person
}

/** A TOTP of which nobody knows a code. */
export async function enrolBySql({ id }: Pick<TestPerson, 'id'>): Promise<void> {
  await env.DB.prepare(`INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, 'sealed', 1)`)
    .bind(id)
    .run()
}

/** The cookies that an answer sets, as a browser sends them again. */
export function cookiesOf({ headers }: { headers: Headers }, which: RegExp = /./): string {
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((line) => which.test(line))
    .join('; ')
}

export type From = { cookie?: string; ip?: string }

/** By password, from a new address unless one is given. */
export function signIn(
  app: TestApp,
  person: Pick<TestPerson, 'id'>,
  { cookie, ip = someAddress() }: From = {},
): Promise<Answer> {
  const headers = { ...fromOwnPage, 'cf-connecting-ip': ip, ...(cookie && { cookie }) }
  const body = { email: emailOf(person), password }
  return app.request('POST', '/api/auth/sign-in/email', { headers, body })
}

/** The cookie of a session that was begun by the password, and awaits the factor of the person. */
export async function awaitingCookie(app: TestApp, person: Pick<TestPerson, 'id'>) {
  const answer = await signIn(app, person)
  if (answer.body?.awaits_factor === undefined) throw new Error(`Not awaited: ${answer.text}`)
  return cookiesOf(answer, /session_token/)
}

// People with second factors.
import { env } from 'cloudflare:workers'
import { TOTP } from 'otpauth'
import type { Role } from '../../src/core/role.ts'
import { newTotp } from '../../src/identity/factors/totp.ts'
import { hashPassword } from '../../src/identity/password.ts'
import type { Authenticator, Lies } from './authenticator.ts'
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

/** The code of an authenticator app, some steps from now. */
export function codeOf(secret: string, steps = 0): string {
  return new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 })
}

type Totp = { secret: string; sealed: string }

async function newSecret(person: Pick<TestPerson, 'id'>): Promise<Totp> {
  const settings = { authSecrets: env.AUTH_SECRETS.split(','), baseUrl: env.BASE_URL }
  return newTotp(settings, { userId: person.id, email: emailOf(person) })
}

/** @returns the secret of an authenticator app that is enrolled */
export async function enrolApp({ id }: Pick<TestPerson, 'id'>): Promise<string> {
  const { secret, sealed } = await newSecret({ id })
  await env.DB.prepare('INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, ?, 1)')
    .bind(id, sealed)
    .run()
  return secret
}

/** @returns the secret of an authenticator app that a code confirms */
export async function beginApp({ id }: Pick<TestPerson, 'id'>): Promise<string> {
  const { secret, sealed } = await newSecret({ id })
  await env.DB.prepare('INSERT INTO totp (user_id, pending_secret, pending_until) VALUES (?, ?, ?)')
    .bind(id, sealed, Date.now() + 600_000)
    .run()
  return secret
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

/** The second step of a sign-in. */
export function complete(app: TestApp, cookie: string, proof: object, ip = someAddress()) {
  const headers = { ...fromOwnPage, cookie, 'cf-connecting-ip': ip }
  return app.request('POST', '/api/auth/factor', { headers, body: proof })
}

/** Enrols an authenticator app over HTTP, with a session that has proved its person. */
export async function enrolOverHttp(
  app: TestApp,
  cookie: string,
): Promise<{ secret: string; codes: string[] }> {
  const headers = { ...fromOwnPage, cookie }
  const begun = await app.request('POST', '/api/auth/factors/totp', { headers })
  const secret = begun.body.data.secret as string
  const body = { code: codeOf(secret) }
  const done = await app.request('POST', '/api/auth/factors/totp/confirm', { headers, body })
  if (done.status !== 200) throw new Error(done.text)
  return { secret, codes: done.body.data.recovery_codes }
}

const post = async (app: TestApp, cookie: string | null, path: string, body?: object) => {
  const headers = { ...fromOwnPage, 'cf-connecting-ip': someAddress(), ...(cookie && { cookie }) }
  return app.request('POST', `/api/auth${path}`, { headers, ...(body && { body }) })
}

/** What `path` offers for a passkey; an error when it offers nothing. */
export async function optionsFor(app: TestApp, cookie: string | null, path: string) {
  const answer = await post(app, cookie, `${path}/options`)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body.data
}

/** Enrols a passkey over HTTP, with a session that has proved its person. */
export async function enrolPasskey(
  app: TestApp,
  cookie: string,
  authenticator: Authenticator,
  name?: string,
): Promise<Answer> {
  const passkey = await authenticator.create(await optionsFor(app, cookie, '/factors/passkeys'))
  return post(app, cookie, '/factors/passkeys', { passkey, ...(name && { name }) })
}

/** By passkey alone. */
export async function signInByPasskey(
  app: TestApp,
  authenticator: Authenticator,
  lies: Lies = {},
  cookie: string | null = null,
): Promise<Answer> {
  const options = await optionsFor(app, null, '/sign-in/passkey')
  return post(app, cookie, '/sign-in/passkey', { passkey: await authenticator.get(options, lies) })
}

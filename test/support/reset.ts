// Forgotten passwords in tests: people with a password, the links that are mailed to them, and their sessions.
import { env } from 'cloudflare:workers'
import { hashPassword } from 'better-auth/crypto'
import type { Role } from '../../src/core/role.ts'
import { readSecretList } from '../../src/core/secrets.ts'
import { mailKeys, unsealToken } from '../../src/identity/mail/seal.ts'
import { cookieOf, fromOwnPage, givePassword } from './permission-matrix.ts'
import {
  addPerson,
  createSkippingClock,
  createTestApp,
  type TestApp,
  type TestPerson,
} from './test-app.ts'

export const oldPassword = 'correct horse battery'
export const newPassword = 'another horse battery'

export const emailOf = ({ id }: Pick<TestPerson, 'id'>) => `${id}@example.test`
export const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')

/** An app with mail, unless it has none. */
export function openApp(bindings: Partial<Env> = {}, clock = createSkippingClock()) {
  const ours = { SIGN_IN_PER_MINUTE: '100000', DEV_MAIL: 'yes' } as unknown as Partial<Env>
  return createTestApp({ clock, bindings: { ...ours, ...bindings } })
}

let hash: string | null = null

/** A member of an account with `oldPassword`. */
export async function addPersonWithPassword(accountId: string, role: Role): Promise<TestPerson> {
  hash ??= await hashPassword(oldPassword)
  const person = await addPerson(accountId, role)
  await givePassword(person, hash)
  return person
}

type Post = { ip?: string; headers?: Record<string, string> }

/** From our own page, and from a new address unless one is given. */
export function post(app: TestApp, path: string, body: unknown, { ip, headers }: Post = {}) {
  const from = { 'cf-connecting-ip': ip ?? someAddress(), 'user-agent': 'A browser' }
  return app.request('POST', path, { headers: { ...fromOwnPage, ...from, ...headers }, body })
}

export const ask = (app: TestApp, email: string, from?: Post) =>
  post(app, '/api/auth/request-password-reset', { email }, from)

export const reset = (app: TestApp, token: string, password = newPassword, from?: Post) =>
  post(app, '/api/auth/reset-password', { token, password }, from)

export const signIn = (app: TestApp, person: TestPerson, password: string) =>
  post(app, '/api/auth/sign-in/email', { email: emailOf(person), password })

export const changePassword = (app: TestApp, cookie: string, password = newPassword) =>
  post(
    app,
    '/api/auth/change-password',
    { currentPassword: oldPassword, newPassword: password },
    { headers: { cookie } },
  )

/** The token of the newest message to an address, as it is in the link. */
export async function mailedToken(email: string): Promise<string> {
  const row = await env.DB.prepare(
    `SELECT id, sealed_token FROM mail WHERE to_address = ? AND template = 'reset_password'
     ORDER BY created_at DESC, rowid DESC`,
  )
    .bind(email)
    .first<{ id: string; sealed_token: string }>()
  if (row === null) throw new Error(`No message to ${email}.`)
  const keys = await mailKeys(readSecretList('AUTH_SECRETS', env.AUTH_SECRETS))
  return unsealToken(keys, row.sealed_token, row.id)
}

/** Asks for a link, and reads it from the mail. */
export async function tokenFor(app: TestApp, person: TestPerson): Promise<string> {
  const { status, text } = await ask(app, emailOf(person))
  if (status !== 200) throw new Error(text)
  return mailedToken(emailOf(person))
}

/** A link by an owner, signed in just now. */
export async function ownersLink(
  app: TestApp,
  owner: Pick<TestPerson, 'id'>,
  accountId: string,
  userId: string,
  more: { provedAt?: number | null; headers?: Record<string, string> } = {},
) {
  const cookie = await cookieOf(owner, accountId, more.provedAt)
  const path = `/api/members/${userId}/reset-link`
  return post(app, path, undefined, { headers: { cookie, ...more.headers } })
}

/** The token in a link. */
export const tokenOf = ({ body }: { body: { data: { url: string } } }) =>
  new URL(body.data.url).hash.slice(1)

export const sessionsOf = async ({ id }: Pick<TestPerson, 'id'>) =>
  (await env.DB.prepare('SELECT * FROM session WHERE user_id = ?').bind(id).all()).results

export const hashOf = ({ id }: Pick<TestPerson, 'id'>) =>
  env.DB.prepare(`SELECT password FROM account WHERE user_id = ? AND provider_id = 'credential'`)
    .bind(id)
    .first<string>('password')

export type StoredEvent = {
  account_id: string
  actor_kind: string
  actor_id: string | null
  subject_id: string | null
  request_id: string | null
  detail: Record<string, unknown>
}

export async function eventsOf({ id }: Pick<TestPerson, 'id'>, action: string) {
  const { results } = await env.DB.prepare(
    'SELECT * FROM audit_event WHERE subject_id = ? AND action = ? ORDER BY created_at, rowid',
  )
    .bind(id, action)
    .all<StoredEvent & { detail: string }>()
  return results.map((row): StoredEvent => ({ ...row, detail: JSON.parse(row.detail) }))
}

/** What a person was told by mail. */
export async function toldBy(email: string, template: string) {
  const { results } = await env.DB.prepare(
    'SELECT data FROM mail WHERE to_address = ? AND template = ?',
  )
    .bind(email, template)
    .all<{ data: string }>()
  return results.map(({ data }) => JSON.parse(data) as Record<string, unknown>)
}

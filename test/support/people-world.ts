// People for tests: a small app of the people's routes alone, and accounts with members, created by SQL.
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import type { Role } from '../../src/core/role.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { createAuthRoutes } from '../../src/http/management/people/auth.ts'
import { createInvitationRoutes } from '../../src/http/management/people/invitations.ts'
import { createSetupRoutes } from '../../src/http/management/people/setup.ts'
import { answerUnknownPath } from '../../src/http/response/failures.ts'
import { answerFailedChange } from '../../src/http/response/quotas.ts'
import { hashPassword } from '../../src/identity/password.ts'
import { personOfSession } from '../../src/identity/session.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'
import { RequestServices } from '../../src/worker/services.ts'
import { peopleSettings } from '../../src/worker/variables.ts'
import config from './latchkey.config.ts'

export const origin = 'http://localhost:8787'
export const password = 'correct horse battery'
export const bindings = { ...env, SIGN_IN_PER_MINUTE: '100000' } as unknown as Env

/** Accounts whose members (or name) changed, as notified before the response. */
export const notified: string[] = []
/** Every response status of any test. */
export const statuses = new Set<number>()

/** The regions that have not applied a change of members. */
export const pending: { regions: string[] } = { regions: [] }

const isolate = createIsolate(config, systemClock)
export const settings = peopleSettings(bindings, isolate)
const app = new Hono<AppEnv>()
app.route(
  '/api/auth',
  createAuthRoutes({
    async afterMembershipChange({ accountId }) {
      notified.push(accountId)
      return pending.regions
    },
  }),
)
app.route('/', createSetupRoutes())
app.route('/', createInvitationRoutes())
app.notFound(answerUnknownPath)
app.onError(answerFailedChange)

type SendOptions = {
  cookie?: string
  method?: string
  body?: unknown
  headers?: Record<string, string>
  env?: Env
}

/** POST when there is a body, from our own page unless `headers` say otherwise. */
export async function send(path: string, options: SendOptions = {}): Promise<Response> {
  const { cookie, body, headers = {} } = options
  const init = {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      origin,
      'cf-connecting-ip': '192.0.2.1',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(cookie !== undefined && { cookie }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }
  const services = new RequestServices(isolate, options.env ?? bindings, { waitUntil() {} })
  const response = await app.request(`${origin}${path}`, init, services)
  statuses.add(response.status)
  return response
}

/** The status and, of a failure, its code. */
export async function outcome(response: Response): Promise<string> {
  if (response.status < 400) return String(response.status)
  const { code } = await response.json<{ code: string }>()
  return `${response.status} ${code}`
}

export type TestPerson = { userId: string; memberId: string; email: string }

let hash: string | undefined

/** A new account with one new person for each role given. */
export async function newAccount(...roles: Role[]): Promise<{ id: string; people: TestPerson[] }> {
  hash ??= await hashPassword(password)
  const id = crypto.randomUUID()
  await env.DB.prepare(
    'INSERT INTO organization (id, name, slug, created_at) VALUES (?1, ?2, ?1, 1)',
  )
    .bind(id, `Account ${id}`)
    .run()
  const people = []
  for (const role of roles) people.push(await newPerson(id, role))
  return { id, people }
}

async function newPerson(accountId: string, role: Role): Promise<TestPerson> {
  hash ??= await hashPassword(password)
  const userId = crypto.randomUUID()
  const memberId = crypto.randomUUID()
  const email = `${userId}@example.test`
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO user (id, name, email, created_at, updated_at) VALUES (?, 'Someone', ?, 1, 1)`,
    ).bind(userId, email),
    env.DB.prepare(
      `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
       VALUES (?1, ?1, 'credential', ?1, ?2, 1, 1)`,
    ).bind(userId, hash),
  ])
  await joins(userId, accountId, role, memberId)
  return { userId, memberId, email }
}

export async function joins(
  userId: string,
  accountId: string,
  role: Role,
  memberId: string = crypto.randomUUID(),
): Promise<void> {
  await env.DB.prepare(
    'INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)',
  )
    .bind(memberId, accountId, userId, role, Date.now())
    .run()
}

/** The cookie of a new session. */
export async function signIn(email: string): Promise<string> {
  const response = await send('/api/auth/sign-in/email', { body: { email, password } })
  if (response.status !== 200) throw new Error(`sign-in failed: ${await response.text()}`)
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}

export const personOf = (cookie: string) => personOfSession(new Headers({ cookie }), settings)

export async function jwtOf(cookie: string): Promise<string> {
  const response = await send('/api/auth/token', { cookie })
  return (await response.json<{ token: string }>()).token
}

/** Invites by the owner of `cookie`; the invitation's id. */
export async function invite(
  cookie: string,
  email: string,
  role: Role = 'member',
): Promise<string> {
  const response = await send('/api/auth/organization/invite-member', {
    cookie,
    body: { email, role },
  })
  if (response.status !== 200) throw new Error(`invite failed: ${await response.text()}`)
  return (await response.json<{ id: string }>()).id
}

function brokenD1(fail: () => Promise<never>): D1Database {
  const statement = { bind: () => statement, all: fail, raw: fail, first: fail, run: fail }
  const session = { prepare: () => statement, batch: fail }
  return { ...session, withSession: () => session } as unknown as D1Database
}

/** A D1 that is down. */
export const deadD1 = brokenD1(async () => {
  throw new Error('D1_ERROR: down')
})

/** A D1 that never responds. */
export const silentD1 = brokenD1(() => new Promise(() => {}))

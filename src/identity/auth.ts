// Configures Better Auth. Only imported on demand (about 200 kB compressed), so that verifying a key never evaluates
// it. One instance per request: it holds the D1 session of the request and its claims on members.
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { APIError } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { jwt } from 'better-auth/plugins/jwt'
import { organization } from 'better-auth/plugins/organization'
import { strongestRole } from '../core/role.ts'
import { log } from '../log.ts'
import { openPrimary } from '../storage/database.ts'
import { createMemberIntents, type MemberIntents } from '../storage/member-intents.ts'
import * as schema from '../storage/people-schema.ts'
import { roleOf } from '../storage/people-store.ts'
import { refuseFullMembership } from '../storage/quotas.ts'
import { versionedSecrets } from './auth-secrets.ts'
import { cookies } from './cookies.ts'
import { createGuesses, type Guesses } from './guesses.ts'
import { type Client, memberChanges } from './member-changes.ts'
import { trustedOrigins } from './origins.ts'
import { maxPasswordLength, minPasswordLength } from './password.ts'
import { createPasswordProof, proofFields, withProof } from './password-proof.ts'
import { sessionEndpoints } from './session-endpoints.ts'
import {
  authTime,
  type ExternalStart,
  newSessionStart,
  provedAtOf,
  type SessionStart,
  sessionDefaults,
  sessionFields,
} from './session-fields.ts'
import { type HiddenRows, hideAwaiting } from './session-rows.ts'
import { ownAudience, type PeopleSettings } from './settings.ts'

export type Auth = Awaited<ReturnType<typeof createAuth>>

/** Of what only reads. */
const nobody = { client: { address: null, browser: null }, place: null, requestId: '', nowMs: 0 }
export const anyClient: Client = {
  ...{ place: null, device: null, accountId: null, acting: nobody },
  onChange: async () => {},
}

export async function createAuth(settings: PeopleSettings, client = anyClient, now = Date.now) {
  const intents = createMemberIntents(settings.db, client.acting, now)
  const guesses = createGuesses(settings, Date.now)
  const start = newSessionStart(client.place)
  const rows: HiddenRows = { areVisible: false, wereHidden: false }
  const auth = await configure(settings, { intents, guesses, client, start, rows, now })
  return {
    /**
     * Answers the request for an endpoint. Throws only for unexpected failures.
     * @returns `awaits`: the factors of which the session that it began awaits one
     */
    async handler(request: Request, path: string) {
      rows.areVisible = path === '/sign-out'
      const response = await auth.handler(request)
      if (response.ok) await guesses.succeeded()
      if (rows.wereHidden) keepCookies(response.headers)
      return { response, awaits: start.awaits }
    },
    /** The token of the session cookie, whatever session it is of; null without one that we signed. */
    readCookie: (headers: Headers) => auth.api.readCookie({ headers }),
    /** The cookies for a whole session that has got another token. */
    async renewCookie(headers: Headers, token: string): Promise<string[]> {
      const body = { token }
      const answer = await auth.api.renewCookie({ headers, body, returnHeaders: true })
      return answer.headers?.getSetCookie() ?? []
    },
    /** Begins a session of whom a passkey has proved, which verified its user; null: there is no such person. */
    async startSession(headers: Headers, userId: string) {
      start.passkeyOf = userId
      const answer = await auth.api.startSession({ headers, returnHeaders: true })
      if (answer.response === null) return null
      const { id, name, email } = answer.response.user
      return { user: { id, name, email }, cookies: answer.headers?.getSetCookie() ?? [] }
    },
    /** Begins a session of whom another provider has named. @returns its cookies, and the factors that it awaits */
    async startExternalSession(headers: Headers, begun: ExternalStart) {
      start.external = begun
      const answer = await auth.api.startSession({ headers, returnHeaders: true })
      return { cookies: answer.headers?.getSetCookie() ?? [], awaits: start.awaits }
    },
    /** Deletes the claims on members that the request did not use. */
    release: intents.release,
    async sessionOf(headers: Headers) {
      const found = await auth.api.getSession({ headers, query: { disableRefresh: true } })
      if (found === null) return null
      const { id: sessionId, activeOrganizationId, createdAt } = found.session
      return {
        ...{ userId: found.user.id, email: found.user.email, sessionId },
        ...{ accountId: activeOrganizationId ?? null, provedAt: provedAtOf(found.session) },
        beganAt: createdAt.getTime(),
      }
    },
  }
}

/** Better Auth ends the cookies of a session that it does not find: one that awaits a factor is still needed. */
function keepCookies(headers: Headers) {
  const others = headers.getSetCookie().filter((line) => !/; max-age=0(;|$)/i.test(line))
  headers.delete('set-cookie')
  for (const line of others) headers.append('set-cookie', line)
}

type OfRequest = {
  intents: MemberIntents
  guesses: Guesses
  client: Client
  start: SessionStart
  rows: HiddenRows
  now: () => number
}

async function configure(settings: PeopleSettings, ofRequest: OfRequest) {
  const changes = memberChanges(settings, ofRequest)
  const proof = createPasswordProof(settings.db)
  return betterAuth({
    appName: 'Latchkey',
    baseURL: settings.baseUrl,
    basePath: '/api/auth',
    trustedOrigins: trustedOrigins(settings.baseUrl),
    secrets: await versionedSecrets(settings.authSecrets),
    database: hideAwaiting(adapterOf(settings.db), ofRequest.rows),
    telemetry: { enabled: false },
    logger: { level: 'error', log: logLine },
    // Expected failures still become responses; a failed store is thrown and becomes our 503.
    onAPIError: { throw: true },
    emailAndPassword: {
      ...{ enabled: true, disableSignUp: true, minPasswordLength, maxPasswordLength },
      password: { hash: proof.hash, verify: proof.verify },
    },
    account: { accountLinking: { enabled: false } },
    // A session cached in a copied cookie would outlive sign-out.
    session: {
      cookieCache: { enabled: false },
      additionalFields: { ...sessionFields, ...proofFields },
    },
    databaseHooks: {
      session: {
        create: { before: withProof(sessionDefaults(settings.db, ofRequest.start), proof) },
      },
    },
    hooks: { before: changes.before },
    // It writes a row for each request that it refuses; guesses.ts and the flood limit stand in its place.
    rateLimit: { enabled: false },
    advanced: {
      ...cookies(settings.baseUrl),
      database: { generateId: 'uuid' },
      ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] },
      // Explicit, since Better Auth disables both checks when NODE_ENV is `test`.
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    plugins: [
      organizationPlugin(settings.db, changes),
      jwtPlugin(settings),
      sessionEndpoints(ofRequest.start),
    ],
  })
}

function adapterOf(db: D1Database) {
  // D1 has no BEGIN.
  return drizzleAdapter(openPrimary(db), { provider: 'sqlite', schema, transaction: false })
}

/** Logs only messages and errors: the other details are e-mail addresses that people typed in. */
function logLine(_level: string, message: string, ...details: unknown[]) {
  const cause = details.find((detail) => detail instanceof Error)
  log(cause === undefined ? 'warn' : 'error', 'better_auth', { message, ...(cause && { cause }) })
}

function jwtPlugin({ db, baseUrl }: PeopleSettings) {
  return jwt({
    // Sign a JWT only on request, not with every session read.
    disableSettingJwtHeader: true,
    jwt: {
      issuer: baseUrl,
      audience: ownAudience,
      expirationTime: '15m',
      async definePayload({ user, session }) {
        const accountId: unknown = session.activeOrganizationId
        const role = typeof accountId === 'string' ? await roleOf(db, user.id, accountId) : null
        if (role === null)
          throw new APIError('FORBIDDEN', { message: 'Not a member of an account' })
        return { account: accountId, role, sid: session.id, ...authTime(session) }
      },
    },
  })
}

const invitationFields = { mailed: { type: 'boolean', required: false, input: false } } as const

function organizationPlugin(db: D1Database, changes: ReturnType<typeof memberChanges>) {
  return organization({
    allowUserToCreateOrganization: false,
    disableOrganizationDeletion: true,
    // Left out it would be 100: the quota of the account decides.
    membershipLimit: 2 ** 31 - 1,
    schema: { invitation: { additionalFields: invitationFields } },
    organizationHooks: {
      // It marks the invitation before it adds the member, so a full account is refused before either.
      async beforeAcceptInvitation({ organization: { id } }) {
        await refuseFullMembership(db, id)
      },
      // Store one role per member, so that SQL (audit triggers, inherited roles) need not parse lists.
      async beforeUpdateMemberRole({ member, newRole }) {
        const role = strongestRole(newRole) ?? 'member'
        await changes.claim(member.id, role)
        return { data: { role } }
      },
      async beforeRemoveMember({ member }) {
        await changes.claim(member.id)
      },
    },
  })
}

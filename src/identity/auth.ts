// Configures Better Auth. Only imported on demand (about 200 kB compressed), so that verifying a key never evaluates
// it. One instance per request: it holds the D1 session of the request and its claims on members.
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { jwt } from 'better-auth/plugins/jwt'
import { organization } from 'better-auth/plugins/organization'
import { type Role, strongestRole } from '../core/role.ts'
import { log } from '../log.ts'
import { openPrimary } from '../storage/database.ts'
import { createMemberIntents, type MemberIntents, memberIdOf } from '../storage/member-intents.ts'
import * as schema from '../storage/people-schema.ts'
import { roleOf } from '../storage/people-store.ts'
import { refuseFullMembership } from '../storage/quotas.ts'
import { versionedSecrets } from './auth-secrets.ts'
import { cookies } from './cookies.ts'
import { createGuesses, type Guesses, isLimited } from './guesses.ts'
import { type AuthInput, needsSession, readAuthInput } from './inputs.ts'
import { type InvitationBody, inviteMember } from './invite.ts'
import { trustedOrigins } from './origins.ts'
import {
  accountChanges,
  actInNamedAccount,
  isRenaming,
  type OnChange,
  refuseAccounts,
} from './other-accounts.ts'
import { maxPasswordLength, minPasswordLength } from './password.ts'
import { authTime, provedAtOf, sessionDefaults, sessionFields } from './session-fields.ts'
import { ownAudience, type PeopleSettings } from './settings.ts'
import { refuseUnproved } from './strong-roles.ts'

export type Auth = Awaited<ReturnType<typeof createAuth>>

export type Client = {
  /** Where the request came from, shown with a session that it starts. */
  place: string | null
  /** The known browser of the e-mail address that signs in. */
  device: string | null
  /** The account that the request names, in place of that of the session. */
  accountId: string | null
  /** Before a person changes an account or its members. @throws where it has made too many changes. */
  onChange: OnChange
}

const anyClient: Client = { place: null, device: null, accountId: null, onChange: async () => {} }

export async function createAuth(settings: PeopleSettings, client = anyClient, now = Date.now) {
  const intents = createMemberIntents(settings.db, now)
  const guesses = createGuesses(settings, Date.now)
  const auth = await configure(settings, { intents, guesses, client, now })
  return {
    /** Answers a request under /api/auth. Throws only for unexpected failures. */
    async handler(request: Request): Promise<Response> {
      const response = await auth.handler(request)
      if (response.ok) await guesses.succeeded()
      return response
    },
    /** Deletes the claims on members that the request did not use. */
    release: intents.release,
    async sessionOf(headers: Headers) {
      const found = await auth.api.getSession({ headers, query: { disableRefresh: true } })
      if (found === null) return null
      const { id: sessionId, activeOrganizationId } = found.session
      const accountId = activeOrganizationId ?? null
      return { userId: found.user.id, sessionId, accountId, provedAt: provedAtOf(found.session) }
    },
  }
}

type OfRequest = { intents: MemberIntents; guesses: Guesses; client: Client; now: () => number }

async function configure(settings: PeopleSettings, ofRequest: OfRequest) {
  const changes = memberChanges(settings, ofRequest)
  return betterAuth({
    appName: 'Latchkey',
    baseURL: settings.baseUrl,
    basePath: '/api/auth',
    trustedOrigins: trustedOrigins(settings.baseUrl),
    secrets: await versionedSecrets(settings.authSecrets),
    database: drizzleAdapter(openPrimary(settings.db), {
      provider: 'sqlite',
      schema,
      // D1 has no BEGIN.
      transaction: false,
    }),
    telemetry: { enabled: false },
    logger: { level: 'error', log: logLine },
    // Expected failures still become responses; a failed store is thrown and becomes our 503.
    onAPIError: { throw: true },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength, maxPasswordLength },
    account: { accountLinking: { enabled: false } },
    // A session cached in a copied cookie would outlive sign-out.
    session: {
      cookieCache: { enabled: false },
      additionalFields: sessionFields,
    },
    databaseHooks: {
      session: { create: { before: sessionDefaults(settings.db, ofRequest.client.place) } },
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
    plugins: [organizationPlugin(settings.db, changes), jwtPlugin(settings)],
  })
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
        return { account: accountId, role, ...authTime(session) }
      },
    },
  })
}

function organizationPlugin(db: D1Database, changes: ReturnType<typeof memberChanges>) {
  return organization({
    allowUserToCreateOrganization: false,
    disableOrganizationDeletion: true,
    // Left out it would be 100: the quota of the account decides.
    membershipLimit: 2 ** 31 - 1,
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

/**
 * The input of an endpoint, valid. Authentication precedes it.
 * @throws APIError 400 with `errors`, 401 without a session where one is needed.
 */
async function validInput(
  path: string,
  given: { body?: unknown; query?: unknown },
  session: () => Promise<unknown>,
): Promise<AuthInput> {
  const reading = readAuthInput(path, given)
  if ('input' in reading) return reading.input
  if (needsSession(path) && (await session()) === null) throw new APIError('UNAUTHORIZED')
  const { errors } = reading
  const message = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new APIError('BAD_REQUEST', { message, errors })
}

const memberPaths = [
  '/organization/update-member-role',
  '/organization/remove-member',
  '/organization/leave',
]

/** An attacker may have signed in with the old password: a change ends the other sessions. */
function edited({ path, method }: { path: string; method: string }, { body, query }: AuthInput) {
  const isEnding = path === '/change-password'
  // Better Auth refuses an absent body before it asks who sends it, also where every field is optional.
  const given = method === 'POST' ? (body ?? {}) : body
  return { context: { body: isEnding ? { ...given, revokeOtherSessions: true } : given, query } }
}

/** Claims a member before Better Auth changes it. Its hooks get the member without the actor, which is kept here. */
function memberChanges({ db }: PeopleSettings, { intents, guesses, client, now }: OfRequest) {
  let actorId: string | null = null
  let provedAt: number | null = null
  const claim = async (memberId: string, role: Role = 'member') => {
    refuseUnproved(provedAt, role)
    if (actorId !== null && (await intents.claim(memberId, actorId))) return
    throw new APIError('CONFLICT', { message: 'Another request is changing this. Try again.' })
  }
  const before = createAuthMiddleware(async (ctx) => {
    const read = await validInput(ctx.path, ctx, () => getSessionFromCtx(ctx))
    await actInNamedAccount(db, client.accountId, ctx)
    const context = edited(ctx, read)
    const input: Record<string, unknown> = { ...read.query, ...read.body }
    const isOfAccount = input.organizationId !== undefined || input.organizationSlug !== undefined
    const isChange = accountChanges.includes(ctx.path)
    if (!isChange && !isOfAccount && !isLimited(ctx.path)) return context
    const session = needsSession(ctx.path) ? await getSessionFromCtx(ctx) : null
    actorId = session?.user.id ?? null
    const by = { userId: actorId, device: client.device }
    await guesses.count(ctx.path, { headers: ctx.headers, body: read.body, ...by })
    if (session === null || actorId === null) return context
    provedAt = provedAtOf(session.session)
    const accountId: unknown = input.organizationId || session.session.activeOrganizationId
    const { path } = ctx
    const request = { path, userId: actorId, header: client.accountId, accountId, input }
    await refuseAccounts(db, request, client.onChange)
    if (await isRenaming(db, request)) await claim(String(accountId))
    if (path === '/organization/invite-member') {
      const inviter = { userId: actorId, accountId, provedAt }
      return inviteMember(db, inviter, read.body as InvitationBody, ctx.headers, now())
    }
    if (path === '/organization/cancel-invitation') {
      // One that is not pending is left to Better Auth to refuse.
      await intents.claim(String(input.invitationId), actorId)
    }
    if (!memberPaths.includes(path)) return context
    const isLeaving = path === '/organization/leave'
    const target: unknown = isLeaving ? actorId : (input.memberId ?? input.memberIdOrEmail)
    if (typeof accountId !== 'string' || typeof target !== 'string' || target.includes('@')) {
      return context
    }
    const memberId = await memberIdOf(db, accountId, target)
    if (memberId === null) throw new APIError('NOT_FOUND', { message: 'Member not found' })
    // Better Auth 1.7 has no hook for leaving.
    if (isLeaving) await claim(memberId)
    return context
  })
  return { before, claim }
}

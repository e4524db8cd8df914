// Better Auth, configured. Heavy (about 200 kB compressed): reached only through `await import(...)`, so that
// verifying a key never evaluates it. One instance a request: it holds that request's D1 session and claims.
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { jwt } from 'better-auth/plugins/jwt'
import { organization } from 'better-auth/plugins/organization'
import { log } from '../core/log.ts'
import { strongestRole } from '../core/role.ts'
import { openPrimary } from '../storage/database.ts'
import { type MemberIntents, memberIdOf, memberIntents } from '../storage/member-intents.ts'
import * as schema from '../storage/people-schema.ts'
import { membershipsOf, roleOf } from '../storage/people-store.ts'
import { trustedOrigins } from './origins.ts'
import { maxPasswordLength, minPasswordLength } from './password.ts'
import { ownAudience, type PeopleSettings } from './settings.ts'

export type Auth = Awaited<ReturnType<typeof createAuth>>

/** `place`: where the request came from, to be shown with a session that begins. */
export async function createAuth(settings: PeopleSettings, place: string | null = null) {
  const intents = memberIntents(settings.db, Date.now)
  const auth = await configure(settings, intents, place)
  return {
    /** Answers a request under /api/auth. Throws only for what is no expected failure. */
    handler: auth.handler,
    /** Gives back the claims on members that the request did not use up. */
    release: intents.release,
    async sessionOf(headers: Headers) {
      const found = await auth.api.getSession({ headers, query: { disableRefresh: true } })
      if (found === null) return null
      const { id: sessionId, activeOrganizationId } = found.session
      return { userId: found.user.id, sessionId, accountId: activeOrganizationId ?? null }
    },
  }
}

async function configure(settings: PeopleSettings, intents: MemberIntents, place: string | null) {
  const changes = memberChanges(settings, intents)
  return betterAuth({
    appName: 'Latchkey',
    baseURL: settings.baseUrl,
    basePath: '/api/auth',
    trustedOrigins: trustedOrigins(settings.baseUrl),
    secrets: await versioned(settings.authSecrets),
    database: drizzleAdapter(openPrimary(settings.db), {
      provider: 'sqlite',
      schema,
      // D1 refuses BEGIN.
      transaction: false,
    }),
    telemetry: { enabled: false },
    logger: { level: 'error', log: logLine },
    // Expected failures still become responses; a failing store is thrown, for our own 503.
    onAPIError: { throw: true },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength, maxPasswordLength },
    account: { accountLinking: { enabled: false } },
    // A cached session in a copied cookie would outlive sign-out.
    session: {
      cookieCache: { enabled: false },
      additionalFields: { place: { type: 'string', required: false, input: false } },
    },
    databaseHooks: { session: { create: { before: beginning(settings.db, place) } } },
    hooks: { before: changes.before },
    rateLimit: throttle(settings.signInPerMinute),
    advanced: {
      ...cookies(settings.baseUrl),
      database: { generateId: 'uuid' },
      ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] },
      // Said aloud, since Better Auth switches both off by itself where NODE_ENV is `test`.
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    plugins: [organizations(changes), tokens(settings)],
  })
}

/**
 * On https the name begins with `__Host-`: no sibling domain and no plain http can then put a cookie into
 * its place (RFC 6265bis 4.1.3.2). Never sent along from another site.
 */
function cookies(baseUrl: string) {
  const isHttps = baseUrl.startsWith('https:')
  return {
    // Its own prefix would be `__Secure-`.
    useSecureCookies: false,
    cookiePrefix: isHttps ? '__Host-better-auth' : 'better-auth',
    defaultCookieAttributes: { secure: isHttps, sameSite: 'strict' as const },
  }
}

/** What it logs beside errors are addresses that people typed in: those are left out. */
function logLine(_level: string, message: string, ...details: unknown[]) {
  const cause = details.find((detail) => detail instanceof Error)
  log(cause === undefined ? 'warn' : 'error', 'better_auth', { message, ...(cause && { cause }) })
}

/**
 * The version is drawn from the secret, not from its place in the list, which moves when secrets are rotated;
 * signing keys stay readable for as long as the secret that encrypted them is listed.
 */
async function versioned(secrets: readonly string[]) {
  const digestOf = (value: string) =>
    crypto.subtle.digest('SHA-256', new TextEncoder().encode(`latchkey auth secret ${value}`))
  return Promise.all(
    secrets.map(async (value) => ({
      version: new DataView(await digestOf(value)).getUint32(0),
      value,
    })),
  )
}

/** Puts a new session into the person's first account: where they are owner, if anywhere. */
function beginning(db: D1Database, place: string | null) {
  return async (session: { userId: string } & Record<string, unknown>) => {
    const [first] = await membershipsOf(db, session.userId)
    return { data: { ...session, place, activeOrganizationId: first?.accountId ?? null } }
  }
}

// In D1, so that throttling holds across isolates. Reading is not throttled: it would cost a write each time,
// and Better Auth's window starts anew with every request, so that a busy page would run into it.
function throttle(signInPerMinute: number) {
  return {
    enabled: true,
    storage: 'database' as const,
    customRules: {
      '/sign-in/email': { window: 60, max: signInPerMinute },
      '/organization/invite-member': { window: 60, max: signInPerMinute * 6 },
      '/**': (request: Request, rule: { window: number; max: number }) =>
        request.method === 'GET' ? (false as const) : rule,
    },
  }
}

function tokens({ db, baseUrl }: PeopleSettings) {
  return jwt({
    // Not on every look at the session: a JWT is made when it is asked for.
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
        return { account: accountId, role }
      },
    },
  })
}

function organizations(changes: ReturnType<typeof memberChanges>) {
  return organization({
    allowUserToCreateOrganization: false,
    disableOrganizationDeletion: true,
    membershipLimit: 1_000,
    invitationExpiresIn: 7 * 24 * 60 * 60,
    cancelPendingInvitationsOnReInvite: true,
    organizationHooks: {
      // One role each is stored, so that SQL (the audit, what keys inherit) need not read lists.
      async beforeCreateInvitation({ invitation }) {
        return { data: { role: strongestRole(invitation.role) ?? 'member' } }
      },
      async beforeUpdateMemberRole({ member, newRole }) {
        const role = strongestRole(newRole) ?? 'member'
        await changes.claim(member.id)
        return { data: { role } }
      },
      async beforeRemoveMember({ member }) {
        await changes.claim(member.id)
      },
    },
  })
}

const memberPaths = [
  '/organization/update-member-role',
  '/organization/remove-member',
  '/organization/leave',
]

/** Better Auth would say "forbidden" (or more) of another account, and so that there is one. */
async function refuseOtherAccount(db: D1Database, userId: string, accountId: unknown) {
  if (typeof accountId !== 'string' || (await roleOf(db, userId, accountId)) !== null) return
  throw new APIError('NOT_FOUND', { message: 'There is no such account' })
}

/** Claims a member before Better Auth changes it. Its hooks know the member, not who asks: that is kept here. */
function memberChanges({ db }: PeopleSettings, intents: MemberIntents) {
  let actorId: string | null = null
  const claim = async (memberId: string) => {
    if (actorId !== null && (await intents.claim(memberId, actorId))) return
    throw new APIError('CONFLICT', { message: 'This member is being changed by another' })
  }
  const before = createAuthMiddleware(async (ctx) => {
    // Whoever changes a password may have lost the old one to somebody who is signed in by it.
    if (ctx.path === '/change-password') {
      return { context: { body: { ...ctx.body, revokeOtherSessions: true } } }
    }
    const asked = { ...ctx.query, ...ctx.body }
    const isOfMember = memberPaths.includes(ctx.path)
    if (!isOfMember && asked.organizationId === undefined) return
    const session = await getSessionFromCtx(ctx)
    if (session === null) return
    actorId = session.user.id
    await refuseOtherAccount(db, actorId, asked.organizationId)
    if (!isOfMember) return
    const accountId: unknown = asked.organizationId || session.session.activeOrganizationId
    const isLeaving = ctx.path === '/organization/leave'
    const target: unknown = isLeaving ? actorId : (asked.memberId ?? asked.memberIdOrEmail)
    if (typeof accountId !== 'string' || typeof target !== 'string' || target.includes('@')) return
    const memberId = await memberIdOf(db, accountId, target)
    if (memberId === null) throw new APIError('NOT_FOUND', { message: 'Member not found' })
    // Leaving has no hook of its own in Better Auth 1.7.
    if (isLeaving) await claim(memberId)
  })
  return { before, claim }
}

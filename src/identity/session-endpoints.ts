// What our own sign-in needs of Better Auth: its signed cookie, and its way to begin a session. These have no path, so no
// request reaches them.
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import type { BetterAuthPlugin } from 'better-auth/types'
import { z } from 'zod'
import type { SessionStart } from './session-fields.ts'

/** What hooks see as the path of such an endpoint (better-call). */
export const serverOnly = '/'

export function sessionEndpoints(start: SessionStart) {
  return {
    id: 'latchkey-sessions',
    endpoints: {
      /** What the cookies of the request say; null without a token that we signed. */
      readCookie: createAuthEndpoint.serverOnly(
        { method: 'GET', requireHeaders: true },
        async ({ context, getSignedCookie }) => {
          const { sessionToken, dontRememberToken } = context.authCookies
          const token = await getSignedCookie(sessionToken.name, context.secret)
          const isForgotten = await getSignedCookie(dontRememberToken.name, context.secret)
          return token ? { token, isRemembered: !isForgotten } : null
        },
      ),
      /** Begins a session of whom the request has proved by a passkey, or another provider has named. */
      startSession: createAuthEndpoint.serverOnly(
        { method: 'POST', requireHeaders: true },
        async (ctx) => {
          const { internalAdapter } = ctx.context
          const userId = start.passkeyOf ?? start.external?.userId ?? null
          const user = userId === null ? null : await internalAdapter.findUserById(userId)
          if (user === null) return null
          const session = await internalAdapter.createSession(user.id)
          await setSessionCookie(ctx, { session, user }, false)
          return { user }
        },
      ),
      /** Sets the cookie of a session that has got another token. */
      renewCookie: createAuthEndpoint.serverOnly(
        { method: 'POST', requireHeaders: true, body: z.object({ token: z.string() }) },
        async (ctx) => {
          const found = await ctx.context.internalAdapter.findSession(ctx.body.token)
          if (found === null) return null
          await setSessionCookie(ctx, found)
          return { user: found.user }
        },
      ),
    },
  } satisfies BetterAuthPlugin
}

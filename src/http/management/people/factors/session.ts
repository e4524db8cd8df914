// The session of a request where only a session counts, and whether it may change factors.
import type { MiddlewareHandler } from 'hono'
import { mayChangeFactors } from '../../../../identity/factors/enrol.ts'
import { enrolledFactors } from '../../../../storage/factor-store.ts'
import type { AppEnv } from '../../../app-env.ts'
import { sessionOf } from '../../../auth/people.ts'
import { stepUpRequired } from '../../../response/step-up.ts'

/** Before bodies are validated: authentication precedes them. */
export const withSession: MiddlewareHandler<AppEnv> = async function withSession(c, next) {
  c.set('session', await sessionOf(c.env.people, c.req.raw))
  await next()
}

/** After `withSession`. */
export const mayChange: MiddlewareHandler<AppEnv> = async function mayChange(c, next) {
  const { session } = c.var
  const enrolled = await enrolledFactors(c.env.db, session.userId)
  if (!mayChangeFactors(session, enrolled, Date.now())) throw stepUpRequired('session')
  await next()
}

// /api/sessions: the sessions of a person. Requires the session cookie; JWTs and keys are refused.

import { createRoute, z } from '@hono/zod-openapi'
import { endOtherSessions, endSession, listSessions } from '../../../storage/session-store.ts'
import { actingOf } from '../../auth/acting.ts'
import { Problem } from '../../response/problem.ts'
import { idParam } from '../../routing/requests.ts'
import { failure, managementFailures, success, wholeList } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { bySession } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import { withSession } from './factors/session.ts'

const view = z
  .object({
    id: z.uuid(),
    is_current: z.boolean(),
    created_at: time,
    last_used_at: time.openapi({ description: 'To the day: a session is extended once a day' }),
    expires_at: time,
    ip_address: z.string().nullable().openapi({ description: 'Address of the sign-in' }),
    place: z.string().nullable().openapi({ example: 'Graz, AT' }),
    user_agent: z.string().nullable(),
    signed_in_with: z.string().nullable().openapi({
      description: 'How it began; null: not known',
      example: 'password+totp',
    }),
    awaits_factor: z.boolean().openapi({
      description: 'Begun by the password alone: no session before its second factor is proved',
    }),
  })
  .openapi('Session')

const common = { tags: ['People'], security: bySession }

const list = createRoute({
  ...common,
  method: 'get',
  path: '/api/sessions',
  operationId: 'listSessions',
  summary: 'The sessions of the person, last used first',
  responses: { 200: wholeList('Their sessions', view), ...managementFailures },
})

const endOne = createRoute({
  ...common,
  method: 'delete',
  path: '/api/sessions/{id}',
  operationId: 'endSession',
  summary: 'End a session at once, and its JWTs with it',
  request: { params: idParam },
  responses: {
    200: success('Ended', z.object({ id: z.uuid() })),
    ...managementFailures,
    404: failure('The person has no such session'),
  },
})

const endOthers = createRoute({
  ...common,
  method: 'delete',
  path: '/api/sessions',
  operationId: 'endOtherSessions',
  summary: 'End all other sessions',
  responses: {
    200: success('How many sessions were ended', z.object({ ended: z.int() })),
    ...managementFailures,
  },
})

export function createSessionRoutes() {
  const routes = createRouter()
  routes.use(`${list.path}/*`, withSession)
  return routes
    .openapi(list, async (c) => {
      const { userId, sessionId } = c.var.session
      const sessions = await listSessions(c.env.db, userId, Date.now())
      const data = sessions.map((each) => ({
        id: each.id,
        is_current: each.id === sessionId,
        created_at: isoTime(each.createdAt.getTime()),
        last_used_at: isoTime(each.lastUsedAt.getTime()),
        expires_at: isoTime(each.expiresAt.getTime()),
        ip_address: each.ipAddress || null,
        place: each.place,
        user_agent: each.userAgent || null,
        signed_in_with: each.signedInWith,
        awaits_factor: each.awaitsFactor,
      }))
      return c.json({ status: 'success' as const, data, next_cursor: null }, 200)
    })
    .openapi(endOne, async (c) => {
      const { userId } = c.var.session
      const { id } = c.req.valid('param')
      const isEnded = await endSession(c.env.db, userId, id, actingOf(c))
      if (!isEnded) throw new Problem('not_found', { detail: 'You have no such session.' })
      return c.json({ status: 'success' as const, data: { id } }, 200)
    })
    .openapi(endOthers, async (c) => {
      const { userId, sessionId } = c.var.session
      const ended = await endOtherSessions(c.env.db, userId, sessionId, actingOf(c))
      return c.json({ status: 'success' as const, data: { ended } }, 200)
    })
}

// Confirming that an address is its user's: asking for a link by mail, and opening it.
import { createRoute, z } from '@hono/zod-openapi'
import { confirmByToken, requestConfirmation } from '../../../identity/confirm-address.ts'
import { actingOf } from '../../auth/acting.ts'
import { countGuess, countMailTo } from '../../auth/guess.ts'
import { refuseForeignPage } from '../../auth/people.ts'
import { invalidFields, Problem } from '../../response/problem.ts'
import { json } from '../../routing/requests.ts'
import {
  bodyFailures,
  failure,
  managementFailures,
  openFailures,
  success,
} from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous, bySession } from '../../routing/security.ts'
import { withSession } from './factors/session.ts'
import { token } from './fields.ts'

const tokensPerMinute = 10
const noStore = { 'cache-control': 'no-store' }
const common = { method: 'post' as const, tags: ['People'] }

const ask = createRoute({
  ...common,
  path: '/api/auth/send-confirmation',
  operationId: 'sendConfirmation',
  security: bySession,
  summary: 'Mail a link that confirms the address of the person',
  description:
    'A confirmed address gets warnings by mail, accepts mailed invitations, and is found by JWTs of another issuer. To a confirmed one nothing is sent.',
  responses: {
    200: success('Unless the address is confirmed, a message is on its way', z.object({})),
    ...managementFailures,
    409: failure('This deployment sends no mail'),
  },
})

const confirm = createRoute({
  ...common,
  path: '/api/auth/confirm-address',
  operationId: 'confirmAddress',
  security: anonymous,
  summary: 'Confirm an address by a mailed link',
  description:
    'In a session of its user, all that they have stays. Elsewhere, somebody else may have made the user: with `remove_credentials`, their password, sessions, second factors and links are removed, and the holder of the address sets a password by `POST /api/auth/request-password-reset`.',
  request: json(z.strictObject({ token, remove_credentials: z.boolean().optional() })),
  responses: {
    200: success('The address is confirmed', z.object({ email: z.string() })),
    ...openFailures,
    ...bodyFailures,
    403: failure('A page of another origin sent the request'),
    409: failure('No session of its user, and no `remove_credentials`'),
  },
})

export function createAddressRoutes() {
  const routes = createRouter()
  routes.use(ask.path, withSession)
  return routes
    .openapi(ask, async (c) => {
      const { userId, email } = c.var.session
      if (!c.env.people.hasMail) throw noMail()
      await countMailTo(c, 'confirmation', email)
      await requestConfirmation(c.env.people, { userId, email }, c.env.clock.now())
      return c.json({ status: 'success' as const, data: {} }, 200, noStore)
    })
    .openapi(confirm, async (c) => {
      refuseForeignPage(c.req.raw, c.env.people)
      const right = await countGuess(c, 'confirmation-token', tokensPerMinute)
      const { token, remove_credentials: mayRemove = false } = c.req.valid('json')
      const acting = actingOf(c, c.env.clock.now())
      const { headers } = c.req.raw
      const outcome = await confirmByToken(c.env.people, { token, mayRemove }, headers, acting)
      if (outcome.kind === 'refused') throw invalidFields([{ path: 'token', message: refused }])
      await right()
      const { email } = outcome
      if (outcome.kind === 'needs_session') throw needsSession(email)
      return c.json({ status: 'success' as const, data: { email } }, 200, noStore)
    })
}

const refused = 'This link has expired or never was: ask for a new one'

function noMail(): Problem {
  return new Problem('conflict', { detail: 'This deployment sends no mail.' })
}

function needsSession(email: string): Problem {
  const detail = `Sign in as ${email} first, or send remove_credentials: the password, sessions and second factors of this user are then removed.`
  return new Problem('conflict', { detail })
}

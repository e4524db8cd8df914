// Forgotten passwords: asking for a link by mail, and setting a new password by a link. Ours, in front of Better Auth, whose
// own reset stores tokens in clear and keeps the sessions.
import { createRoute, z } from '@hono/zod-openapi'
import { email } from '../../../identity/email.ts'
import { requestReset, resetPassword } from '../../../identity/reset.ts'
import { actingOf } from '../../auth/acting.ts'
import { countGuess, countMailTo } from '../../auth/guess.ts'
import { invalidFields } from '../../response/problem.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous } from '../../routing/security.ts'
import { password } from './fields.ts'

const tokensPerMinute = 10
const noStore = { 'cache-control': 'no-store' }
const common = { method: 'post' as const, tags: ['People'], security: anonymous }

const ask = createRoute({
  ...common,
  path: '/api/auth/request-password-reset',
  operationId: 'requestPasswordReset',
  summary: 'Mail a link that sets a new password',
  description:
    'The answer is the same for every address; without mail (`GET /api/auth/sign-in-methods`) nothing is sent. 10 a minute an IP address, 3 an hour an e-mail address.',
  request: json(z.strictObject({ email })),
  responses: {
    200: success('Where somebody has the address, a message is on its way', z.object({})),
    ...openFailures,
    ...bodyFailures,
  },
})

const reset = createRoute({
  ...common,
  path: '/api/auth/reset-password',
  operationId: 'resetPassword',
  summary: 'Set a new password by a link',
  description: `\`token\` is the fragment of the link: it works once, within 30 minutes. All sessions and other links of the person end, second factors stay, and
nobody is signed in. A link that was used, has expired or never was is one 400, which names \`token\`.`,
  request: json(
    z.strictObject({
      token: z
        .string()
        .trim()
        .max(1_000)
        .openapi({ example: 'Q2hhbmdlIG1lIHdoZW4geW91IHJlYWQgdGhpcy4' }),
      password,
    }),
  ),
  responses: {
    200: success('The new password is the only one', z.object({})),
    ...openFailures,
    ...bodyFailures,
  },
})

export function createResetRoutes() {
  return createRouter()
    .openapi(ask, async (c) => {
      const { email } = c.req.valid('json')
      await countMailTo(c, 'reset', email)
      await requestReset(c.env.people, email, actingOf(c, c.env.clock.now()))
      return c.json({ status: 'success' as const, data: {} }, 200, noStore)
    })
    .openapi(reset, async (c) => {
      const right = await countGuess(c, 'reset-token', tokensPerMinute)
      const outcome = await resetPassword(
        c.env.people,
        c.req.valid('json'),
        actingOf(c, c.env.clock.now()),
      )
      if (outcome === 'refused') throw invalidFields([{ path: 'token', message: refused }])
      await right()
      return c.json({ status: 'success' as const, data: {} }, 200, noStore)
    })
}

const refused = 'This link was used, has expired or never was: ask for a new one'

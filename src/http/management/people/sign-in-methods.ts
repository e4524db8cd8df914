// GET /api/auth/sign-in-methods: what the page for signing in may offer.
import { createRoute, z } from '@hono/zod-openapi'
import { openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous } from '../../routing/security.ts'

const methods = createRoute({
  method: 'get',
  path: '/api/auth/sign-in-methods',
  operationId: 'getSignInMethods',
  tags: ['People'],
  security: anonymous,
  summary: 'How people can sign in here, and whether a link for a new password can be mailed',
  responses: {
    200: success(
      'Of the deployment, the same for everybody',
      z.object({
        mail: z
          .boolean()
          .openapi({ description: 'POST /api/auth/request-password-reset sends mail' }),
        passkey: z.boolean().openapi({ description: 'By a passkey alone' }),
        providers: z
          .array(z.object({ id: z.string(), name: z.string() }))
          .openapi({ description: 'By another service' }),
      }),
    ),
    ...openFailures,
  },
})

export function createSignInMethods() {
  return createRouter().openapi(methods, (c) => {
    const { hasMail: mail, providers } = c.env.people
    const data = {
      mail,
      passkey: true,
      providers: providers.map(({ id, name }) => ({ id, name })),
    }
    return c.json({ status: 'success' as const, data }, 200)
  })
}

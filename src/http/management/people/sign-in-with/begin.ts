// POST /api/auth/sign-in/provider: begins a sign-in with another provider. Ours, in front of Better Auth.
import { createRoute, z } from '@hono/zod-openapi'
import { isOfForeignPage } from '../../../../identity/origins.ts'
import { refuseFlood } from '../../../auth/guess.ts'
import { Problem } from '../../../response/problem.ts'
import { json } from '../../../routing/requests.ts'
import { bodyFailures, failure, openFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { anonymous } from '../../../routing/security.ts'
import { begin, begun, nextField, noStore, providerField, providerOf, tags } from './schema.ts'

const beginning = createRoute({
  method: 'post',
  path: '/api/auth/sign-in/provider',
  operationId: 'signInWithProvider',
  tags,
  security: anonymous,
  summary: 'Begin a sign-in with another provider',
  description:
    'Within ten minutes the same browser comes back to GET /api/auth/callback/{provider}, by the cookie that the answer sets.',
  request: json(
    z.strictObject({
      provider: providerField,
      next: nextField.optional(),
      reauthenticate: z.boolean().optional().openapi({
        description:
          'The provider asks the person again, so that the session counts as proved: for people without a password and a second factor',
      }),
    }),
  ),
  responses: {
    200: success('Where the browser goes', begun),
    ...openFailures,
    ...bodyFailures,
    403: failure('A page of another origin'),
    404: failure('There is no such provider'),
    409: failure('The provider does not authenticate people again, or does not say when it did'),
  },
})

export function createSignInWith() {
  return createRouter().openapi(beginning, async (c) => {
    await refuseFlood(c)
    if (isOfForeignPage(c.req.raw.headers, c.env.people.baseUrl)) {
      throw new Problem('forbidden', { detail: 'A page of another origin may not sign in here.' })
    }
    const { provider: id, next = null, reauthenticate: isFresh = false } = c.req.valid('json')
    const provider = providerOf(c, id)
    if (isFresh && !provider.provesAgain) {
      const detail = `${provider.name} does not say when you signed in there. Enrol a passkey or an authenticator app.`
      throw new Problem('conflict', { detail })
    }
    const data = await begin(c, provider, { next, isFresh, link: null })
    return c.json({ status: 'success' as const, data }, 200, noStore)
  })
}

// /api/auth/sign-in/passkey: signing in by a passkey that verifies its user, without a password.
import { createRoute, z } from '@hono/zod-openapi'
import { signInByPasskey } from '../../../../identity/factors/passkey-sign-in.ts'
import { assertionOptions } from '../../../../identity/factors/passkeys.ts'
import { knownDevice } from '../../../../identity/known-device.ts'
import { actingOf } from '../../../auth/acting.ts'
import { refuseFlood } from '../../../auth/guess.ts'
import { refuseForeignPage } from '../../../auth/people.ts'
import { Problem } from '../../../response/problem.ts'
import { json } from '../../../routing/requests.ts'
import { bodyFailures, failure, openFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { anonymous } from '../../../routing/security.ts'
import { rememberBrowser } from '../known-browser.ts'
import { authenticationResponse, noStore, publicKeyOptions, signedIn, tags } from './schema.ts'

export const passkeySignInPath = '/api/auth/sign-in/passkey'
const common = { tags, security: anonymous }

const options = createRoute({
  ...common,
  method: 'post',
  path: `${passkeySignInPath}/options`,
  operationId: 'getPasskeySignInOptions',
  summary: 'What a browser needs to sign in by a passkey; no store is accessed',
  responses: { 200: success('The options', publicKeyOptions), ...openFailures },
})

const signIn = createRoute({
  ...common,
  method: 'post',
  path: passkeySignInPath,
  operationId: 'signInByPasskey',
  summary: 'Sign in by a passkey that verified its user; the answer sets the session cookie',
  request: json(z.strictObject({ passkey: authenticationResponse })),
  responses: {
    200: success('Signed in', signedIn),
    ...openFailures,
    ...bodyFailures,
    401: failure(
      'Not an answer to options of the last five minutes, or of no passkey that is enrolled',
    ),
    403: failure('A page of another origin sent the request'),
  },
})

export function createPasskeySignIn() {
  const routes = createRouter()
  routes.use(`${passkeySignInPath}/*`, async (c, next) => {
    refuseForeignPage(c.req.raw, c.env.people)
    await refuseFlood(c)
    await next()
  })
  return routes
    .openapi(options, async (c) => {
      const data = await assertionOptions(c.env.people, { what: 'sign-in' }, null, Date.now())
      return c.json({ status: 'success' as const, data: { ...data } }, 200, noStore)
    })
    .openapi(signIn, async (c) => {
      const { passkey } = c.req.valid('json')
      const settings = c.env.people
      const { headers } = c.req.raw
      const { place, nowMs } = actingOf(c)
      const from = { headers, place }
      const done = await signInByPasskey(settings, passkey, from, nowMs)
      if (done === null) {
        const detail = 'This passkey is not known here, or its answer is too old: try again.'
        throw new Problem('invalid_token', { detail })
      }
      const { email } = done.user
      const device = await knownDevice(headers, email, settings)
      const person = { userId: done.user.id, email, method: 'passkey' }
      for (const cookie of [...done.cookies, await rememberBrowser(c, person, device)])
        c.header('set-cookie', cookie, { append: true })
      return c.json({ status: 'success' as const, data: { user: done.user } }, 200, noStore)
    })
}

// POST /api/auth/factor: the second factor of a sign-in that awaits one.
import { createRoute, z } from '@hono/zod-openapi'
import { type Completion, completeSignIn } from '../../../../identity/factors/complete.ts'
import { knownDevice } from '../../../../identity/known-device.ts'
import { actingOf } from '../../../auth/acting.ts'
import { awaitingOf } from '../../../auth/people.ts'
import { Problem } from '../../../response/problem.ts'
import { missingCredential } from '../../../response/refusals.ts'
import { json } from '../../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { byAwaitingSession } from '../../../routing/security.ts'
import { rememberBrowser } from '../known-browser.ts'
import { tooMany } from '../sign-in.ts'
import { recoveryCode, signedIn, tags, totpCode } from './schema.ts'

export const factorPath = '/api/auth/factor'

const oneProof = 'Give one of code and recovery_code'
const proof = z
  .strictObject({ code: totpCode.optional(), recovery_code: recoveryCode.optional() })
  .refine((body) => Object.keys(body).length === 1, { error: oneProof })

const complete = createRoute({
  method: 'post',
  path: factorPath,
  operationId: 'completeSignIn',
  tags,
  security: byAwaitingSession,
  summary: 'Prove the second factor of a sign-in; the answer sets the cookie of a whole session',
  description: 'Within ten minutes of a sign-in that answered `awaits_factor`.',
  request: json(proof),
  responses: {
    200: success('Signed in', signedIn),
    ...managementFailures,
    ...bodyFailures,
    403: failure('The code is wrong, or was used before'),
    429: failure('Too many wrong codes'),
  },
})

export function createFactorSignIn() {
  const routes = createRouter()
  // Before the body is validated: authentication precedes it.
  routes.use(factorPath, async (c, next) => {
    c.set('awaiting', await awaitingOf(c.env.people, c.req.raw))
    await next()
  })
  return routes.openapi(complete, async (c) => {
    const { awaiting } = c.var
    const { headers } = c.req.raw
    const settings = c.env.people
    const body = c.req.valid('json')
    const given =
      body.code === undefined ? { recovery_code: body.recovery_code ?? '' } : { code: body.code }
    const device = await knownDevice(headers, awaiting.email, settings)
    const attempt = { headers, device, acting: actingOf(c) }
    const outcome = await completeSignIn(settings, awaiting, given, attempt)
    if (outcome.kind !== 'done') throw refusalOf(outcome)
    const { userId: id, name, email } = awaiting
    const person = { userId: id, email, method: outcome.signedInWith }
    for (const cookie of [...outcome.cookies, await rememberBrowser(c, person, device)])
      c.header('set-cookie', cookie, { append: true })
    const data = { user: { id, name, email } }
    return c.json({ status: 'success' as const, data }, 200, { 'cache-control': 'no-store' })
  })
}

function refusalOf(outcome: Exclude<Completion, { kind: 'done' }>): Problem {
  switch (outcome.kind) {
    case 'wrong':
      return new Problem('forbidden', { detail: 'The code is wrong, or was used before.' })
    case 'too_many':
      return tooMany(outcome.seconds)
    case 'ended':
      return missingCredential('The sign-in is over: sign in again.')
  }
}

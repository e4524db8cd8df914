// POST /api/auth/step-up: proves the person of a session once more. Ours, in front of Better Auth.
import { createRoute, z } from '@hono/zod-openapi'
import { stepUpSeconds } from '../../../core/step-up.ts'
import { maxPasswordLength } from '../../../identity/password.ts'
import { type StepUp, stepUp } from '../../../identity/step-up.ts'
import { sessionOf } from '../../auth/people.ts'
import { Problem } from '../../response/problem.ts'
import { missingCredential } from '../../response/refusals.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { bySession } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import { tooMany } from './sign-in.ts'

const path = '/api/auth/step-up'

const proof = createRoute({
  method: 'post',
  path,
  operationId: 'stepUp',
  tags: ['People'],
  security: bySession,
  summary: 'Prove the person of the session again, for ten minutes',
  description:
    'For what answers `step_up_required`. A sign-in counts too: a JWT carries its time as `auth_time`.',
  request: json(z.strictObject({ password: z.string().max(maxPasswordLength) })),
  responses: {
    200: success('Proved', z.object({ expires_at: time })),
    ...managementFailures,
    ...bodyFailures,
    403: failure('The password is wrong, or another credential was presented'),
    429: failure('Too many wrong passwords'),
  },
})

export function createStepUpRoutes() {
  const routes = createRouter()
  routes.use(path, async (c, next) => {
    c.set('session', await sessionOf(c.env.people, c.req.raw))
    await next()
  })
  return routes.openapi(proof, async (c) => {
    const now = Date.now()
    const { password } = c.req.valid('json')
    const outcome = await stepUp(c.env.people, c.var.session, password, now)
    if (outcome.kind !== 'proved') throw refusalOf(outcome)
    const data = { expires_at: isoTime(now + stepUpSeconds * 1_000) }
    return c.json({ status: 'success' as const, data }, 200, { 'cache-control': 'no-store' })
  })
}

function refusalOf(outcome: Exclude<StepUp, { kind: 'proved' }>): Problem {
  switch (outcome.kind) {
    case 'wrong':
      return new Problem('forbidden', { detail: 'The password is wrong.' })
    case 'too_many':
      return tooMany(outcome.seconds)
    case 'ended':
      return missingCredential('Sign in first.')
  }
}

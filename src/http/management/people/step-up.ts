// /api/auth/step-up: proves the person of a session once more. Ours, in front of Better Auth.
import { createRoute, z } from '@hono/zod-openapi'
import type { StepUpMethod } from '../../../core/factors.ts'
import { stepUpSeconds } from '../../../core/step-up.ts'
import { assertionOptions } from '../../../identity/factors/passkeys.ts'
import { maxPasswordLength } from '../../../identity/password.ts'
import { type StepUp, type StepUpProof, stepUp } from '../../../identity/step-up.ts'
import { listPasskeys } from '../../../storage/passkey-store.ts'
import { actingOf } from '../../auth/acting.ts'
import { Problem } from '../../response/problem.ts'
import { missingCredential } from '../../response/refusals.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { bySession } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import { authenticationResponse, noStore, publicKeyOptions, totpCode } from './factors/schema.ts'
import { withSession } from './factors/session.ts'
import { noPasskey } from './factors/sign-in.ts'
import { tooMany } from './sign-in.ts'

export const stepUpPath = '/api/auth/step-up'
const common = { tags: ['People'], security: bySession }

const proof = z
  .strictObject({
    password: z.string().max(maxPasswordLength).optional(),
    code: totpCode.optional(),
    passkey: authenticationResponse.optional(),
  })
  .refine((body) => Object.keys(body).length === 1, {
    error: 'Give one of password, code and passkey',
  })

const prove = createRoute({
  ...common,
  method: 'post',
  path: stepUpPath,
  operationId: 'stepUp',
  summary: 'Prove the person of the session again, for ten minutes',
  description:
    'For what answers `step_up_required`. Takes the strongest that the person has enrolled: a passkey, else a code, else the password (`step_up` of GET /api/auth/factors). A sign-in counts too: a JWT carries its time as `auth_time`.',
  request: json(proof),
  responses: {
    200: success('Proved', z.object({ expires_at: time })),
    ...managementFailures,
    ...bodyFailures,
    403: failure(
      'It is wrong, something stronger is enrolled, or another credential was presented',
    ),
    429: failure('Too many wrong passwords or codes'),
  },
})

const options = createRoute({
  ...common,
  method: 'post',
  path: `${stepUpPath}/options`,
  operationId: 'getStepUpOptions',
  summary: 'What a browser needs to prove the person by a passkey',
  responses: {
    200: success('The options', publicKeyOptions),
    ...managementFailures,
    409: failure('The person has no passkey'),
  },
})

export function createStepUpRoutes() {
  const routes = createRouter()
  routes.use(`${stepUpPath}/*`, withSession)
  return routes
    .openapi(prove, async (c) => {
      const acting = actingOf(c)
      const given = proofOf(c.req.valid('json'))
      const outcome = await stepUp(c.env.people, c.var.session, given, acting)
      if (outcome.kind !== 'proved') throw refusalOf(outcome)
      const data = { expires_at: isoTime(acting.nowMs + stepUpSeconds * 1_000) }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(options, async (c) => {
      const { sessionId, userId } = c.var.session
      const passkeys = await listPasskeys(c.env.db, userId)
      if (passkeys.length === 0) throw noPasskey()
      const of = { what: 'step-up', sessionId } as const
      const data = await assertionOptions(c.env.people, of, passkeys, Date.now())
      return c.json({ status: 'success' as const, data: { ...data } }, 200, noStore)
    })
}

function proofOf({ password = '', code, passkey }: z.output<typeof proof>): StepUpProof {
  if (code !== undefined) return { method: 'totp', code }
  if (passkey !== undefined) return { method: 'passkey', passkey }
  return { method: 'password', password }
}

function refusalOf(outcome: Exclude<StepUp, { kind: 'proved' }>): Problem {
  switch (outcome.kind) {
    case 'wrong':
      return new Problem('forbidden', { detail: 'It is wrong, or was used before.' })
    case 'other_method':
      return new Problem('forbidden', { detail: details[outcome.method ?? 'none'] })
    case 'too_many':
      return tooMany(outcome.seconds)
    case 'ended':
      return missingCredential('Sign in first.')
  }
}

const details: Record<StepUpMethod | 'none', string> = {
  passkey: 'Prove it with a passkey: POST /api/auth/step-up/options, then `passkey`.',
  totp: 'Prove it with a code of the authenticator app: `code`.',
  password: 'Prove it with the password: `password`.',
  none: 'You have neither a password nor a second factor: sign in again.',
}

// /api/auth/factor: the second factor of a sign-in that awaits one.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { awaitedFactors, type FactorKind, factorKinds } from '../../../../core/factors.ts'
import {
  type Completion,
  completeSignIn,
  type Proof,
} from '../../../../identity/factors/complete.ts'
import { assertionOptions } from '../../../../identity/factors/passkeys.ts'
import { knownDevice } from '../../../../identity/known-device.ts'
import { enrolledFactors } from '../../../../storage/factor-store.ts'
import { listPasskeys } from '../../../../storage/passkey-store.ts'
import type { AppEnv } from '../../../app-env.ts'
import { actingOf } from '../../../auth/acting.ts'
import { awaitingOf } from '../../../auth/people.ts'
import { Problem } from '../../../response/problem.ts'
import { missingCredential } from '../../../response/refusals.ts'
import { json } from '../../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { byAwaitingSession } from '../../../routing/security.ts'
import { afterFailedSignIn } from '../failed-sign-in.ts'
import { rememberBrowser } from '../known-browser.ts'
import { tooMany } from '../sign-in.ts'
import {
  authenticationResponse,
  noStore,
  publicKeyOptions,
  recoveryCode,
  signedIn,
  tags,
  totpCode,
} from './schema.ts'

export const factorPath = '/api/auth/factor'
const common = { tags, security: byAwaitingSession }

const proof = z
  .strictObject({
    code: totpCode.optional(),
    recovery_code: recoveryCode.optional(),
    passkey: authenticationResponse.optional(),
  })
  .refine((body) => Object.keys(body).length === 1, {
    error: 'Give one of code, recovery_code and passkey',
  })

const read = createRoute({
  ...common,
  method: 'get',
  path: factorPath,
  operationId: 'getAwaitedFactors',
  summary: 'Which factors complete the sign-in',
  responses: {
    200: success('One of these', z.object({ awaits_factor: z.array(z.enum(factorKinds)) })),
    ...managementFailures,
  },
})

const options = createRoute({
  ...common,
  method: 'post',
  path: `${factorPath}/options`,
  operationId: 'getFactorOptions',
  summary: 'What a browser needs to complete the sign-in by a passkey',
  responses: {
    200: success('The options', publicKeyOptions),
    ...managementFailures,
    409: failure('The person has no passkey'),
  },
})

const complete = createRoute({
  ...common,
  method: 'post',
  path: factorPath,
  operationId: 'completeSignIn',
  summary: 'Prove the second factor of a sign-in; the answer sets the cookie of a whole session',
  description: 'Within ten minutes of a sign-in that answered `awaits_factor`.',
  request: json(proof),
  responses: {
    200: success('Signed in', signedIn),
    ...managementFailures,
    ...bodyFailures,
    403: failure('The code or the passkey is wrong, or was used before'),
    429: failure('Too many wrong codes'),
  },
})

export function createFactorSignIn() {
  const routes = createRouter()
  // Before the body is validated: authentication precedes it.
  routes.use(`${factorPath}/*`, async (c, next) => {
    c.set('awaiting', await awaitingOf(c.env.people, c.req.raw))
    await next()
  })
  return routes
    .openapi(read, async (c) => {
      const enrolled = await enrolledFactors(c.env.db, c.var.awaiting.userId)
      const data = { awaits_factor: awaitedFactors(enrolled) }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(options, async (c) => {
      const { id: sessionId, userId } = c.var.awaiting
      const passkeys = await listPasskeys(c.env.db, userId)
      if (passkeys.length === 0) throw noPasskey()
      const of = { what: 'factor', sessionId } as const
      const data = await assertionOptions(c.env.people, of, passkeys, Date.now())
      return c.json({ status: 'success' as const, data: { ...data } }, 200, noStore)
    })
    .openapi(complete, async (c) => {
      const user = await completed(c, proofOf(c.req.valid('json')))
      return c.json({ status: 'success' as const, data: { user } }, 200, noStore)
    })
}

export function noPasskey(): Problem {
  return new Problem('conflict', { detail: 'No passkey is enrolled.' })
}

function proofOf({ code, recovery_code, passkey }: z.output<typeof proof>): Proof {
  if (code !== undefined) return { code }
  return passkey === undefined ? { recoveryCode: recovery_code ?? '' } : { passkey }
}

function kindOf(given: Proof): FactorKind {
  if ('code' in given) return 'totp'
  return 'passkey' in given ? 'passkey' : 'recovery_code'
}

/** Sets the cookies of the whole session, and makes the browser a known one. @throws Problem */
async function completed(c: Context<AppEnv>, given: Proof) {
  const { awaiting } = c.var
  const { headers } = c.req.raw
  const settings = c.env.people
  const device = await knownDevice(headers, awaiting.email, settings)
  const attempt = { headers, device, acting: actingOf(c) }
  const outcome = await completeSignIn(settings, awaiting, given, attempt)
  const { userId: id, name, email } = awaiting
  if (outcome.kind === 'wrong') afterFailedSignIn(c, { email, method: kindOf(given) })
  if (outcome.kind !== 'done') throw refusalOf(outcome)
  const person = { userId: id, email, method: outcome.signedInWith }
  for (const cookie of [...outcome.cookies, await rememberBrowser(c, person, device)])
    c.header('set-cookie', cookie, { append: true })
  return { id, name, email }
}

function refusalOf(outcome: Exclude<Completion, { kind: 'done' }>): Problem {
  switch (outcome.kind) {
    case 'wrong':
      return new Problem('forbidden', { detail: 'It is wrong, or was used before.' })
    case 'too_many':
      return tooMany(outcome.seconds)
    case 'ended':
      return missingCredential('The sign-in is over: sign in again.')
  }
}

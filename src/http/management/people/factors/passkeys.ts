// /api/auth/factors/passkeys: the passkeys of the person of a session.
import { createRoute, z } from '@hono/zod-openapi'
import {
  changePasskeyName,
  enrolPasskey,
  type PasskeyEnrolment,
  passkeyOptions,
  removePasskeyFactor,
} from '../../../../identity/factors/enrol-passkey.ts'
import { maxPasskeys } from '../../../../storage/passkey-store.ts'
import { actingOf } from '../../../auth/acting.ts'
import { Problem } from '../../../response/problem.ts'
import { nameField } from '../../../routing/fields.ts'
import { idParam, json } from '../../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { bySessionAfterStepUp } from '../../../routing/security.ts'
import {
  factorsPath,
  firstCodes,
  noStore,
  passkeySchema,
  passkeyView,
  publicKeyOptions,
  registrationResponse,
  tags,
} from './schema.ts'

const path = `${factorsPath}/passkeys`
const common = { tags, security: bySessionAfterStepUp }
const unknown = failure('The person has no such passkey')

const options = createRoute({
  ...common,
  method: 'post',
  path: `${path}/options`,
  operationId: 'beginPasskey',
  summary: 'What a browser needs to make a passkey',
  responses: { 200: success('The options', publicKeyOptions), ...managementFailures },
})

const enrol = createRoute({
  ...common,
  method: 'post',
  path,
  operationId: 'enrolPasskey',
  summary: 'Enrol the passkey that a browser made',
  request: json(
    z.strictObject({
      passkey: registrationResponse,
      name: nameField.optional().openapi({ description: '`Passkey` if left out' }),
    }),
  ),
  responses: {
    201: success('Enrolled', z.object({ passkey: passkeySchema, recovery_codes: firstCodes })),
    ...managementFailures,
    ...bodyFailures,
    403: failure('It does not answer options of the last five minutes, or step-up is needed'),
    409: failure(`It is enrolled already, or there are ${maxPasskeys}`),
  },
})

const rename = createRoute({
  ...common,
  method: 'patch',
  path: `${path}/{id}`,
  operationId: 'renamePasskey',
  summary: 'Rename a passkey',
  request: { params: idParam, ...json(z.strictObject({ name: nameField })) },
  responses: {
    200: success('Renamed', passkeySchema),
    ...managementFailures,
    ...bodyFailures,
    404: unknown,
  },
})

const remove = createRoute({
  ...common,
  method: 'delete',
  path: `${path}/{id}`,
  operationId: 'removePasskey',
  summary: 'Remove a passkey; recovery codes end with the last factor',
  request: { params: idParam },
  responses: {
    200: success('Removed', z.object({ id: z.uuid() })),
    ...managementFailures,
    404: unknown,
    409: failure('It is their last way to sign in'),
  },
})

export function createPasskeyRoutes() {
  return createRouter()
    .openapi(options, async (c) => {
      const data = await passkeyOptions(c.env.people, c.var.session, Date.now())
      return c.json({ status: 'success' as const, data: { ...data } }, 200, noStore)
    })
    .openapi(enrol, async (c) => {
      const { passkey: response, name = 'Passkey' } = c.req.valid('json')
      const given = { response, name }
      const outcome = await enrolPasskey(c.env.people, c.var.session, given, actingOf(c))
      if (outcome.kind !== 'enrolled') throw refusalOf(outcome)
      const data = {
        passkey: passkeyView(outcome.passkey),
        recovery_codes: outcome.recoveryCodes,
      }
      return c.json({ status: 'success' as const, data }, 201, noStore)
    })
    .openapi(rename, async (c) => {
      const given = { ...c.req.valid('param'), ...c.req.valid('json') }
      const renamed = await changePasskeyName(c.env.people, c.var.session, given, actingOf(c))
      if (renamed === null) throw noSuchPasskey()
      return c.json({ status: 'success' as const, data: passkeyView(renamed) }, 200, noStore)
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param')
      const outcome = await removePasskeyFactor(c.env.people, c.var.session, id, actingOf(c))
      if (outcome === 'unknown') throw noSuchPasskey()
      if (outcome === 'last') throw lastWay()
      return c.json({ status: 'success' as const, data: { id } }, 200, noStore)
    })
}

function noSuchPasskey(): Problem {
  return new Problem('not_found', { detail: 'You have no such passkey.' })
}

function lastWay(): Problem {
  const detail = 'It is your last way to sign in: set a password, or enrol another passkey first.'
  return new Problem('conflict', { detail })
}

function refusalOf({ kind }: Exclude<PasskeyEnrolment, { kind: 'enrolled' }>): Problem {
  switch (kind) {
    case 'wrong': {
      const detail = 'This is no answer to options of the last five minutes: ask for new ones.'
      return new Problem('forbidden', { detail })
    }
    case 'full':
      return new Problem('conflict', { detail: `You have ${maxPasskeys} passkeys: remove one.` })
    case 'exists':
      return new Problem('conflict', { detail: 'This passkey is enrolled already.' })
  }
}

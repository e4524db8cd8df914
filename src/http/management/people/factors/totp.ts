// /api/auth/factors/totp: the authenticator app of the person of a session.
import { createRoute, z } from '@hono/zod-openapi'
import {
  beginTotpEnrolment,
  confirmTotpEnrolment,
  removeTotpFactor,
} from '../../../../identity/factors/enrol.ts'
import { actingOf } from '../../../auth/acting.ts'
import { Problem } from '../../../response/problem.ts'
import { json } from '../../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { bySessionAfterStepUp } from '../../../routing/security.ts'
import { isoTime, time } from '../../../routing/time.ts'
import { factorsPath, firstCodes, noStore, tags, totpCode } from './schema.ts'

const begin = createRoute({
  method: 'post',
  path: `${factorsPath}/totp`,
  operationId: 'beginTotp',
  tags,
  security: bySessionAfterStepUp,
  summary: 'A secret for an authenticator app, which a code of it confirms within ten minutes',
  description: 'Asked again it is another secret. What is enrolled stays until then.',
  responses: {
    200: success(
      'The secret',
      z.object({
        secret: z.string().openapi({ description: 'In base32. It is not shown again' }),
        uri: z.string().openapi({ description: 'For a QR code: `otpauth://totp/…`' }),
        expires_at: time,
      }),
    ),
    ...managementFailures,
  },
})

const confirm = createRoute({
  method: 'post',
  path: `${factorsPath}/totp/confirm`,
  operationId: 'confirmTotp',
  tags,
  security: bySessionAfterStepUp,
  summary: 'Enrol the authenticator app, in the place of an earlier one',
  request: json(z.strictObject({ code: totpCode })),
  responses: {
    200: success('Enrolled', z.object({ recovery_codes: firstCodes })),
    ...managementFailures,
    ...bodyFailures,
    403: failure('The code is wrong, or step-up is needed'),
    409: failure('None was begun within ten minutes'),
  },
})

const remove = createRoute({
  method: 'delete',
  path: `${factorsPath}/totp`,
  operationId: 'removeTotp',
  tags,
  security: bySessionAfterStepUp,
  summary: 'Remove the authenticator app; recovery codes end with the last factor',
  responses: {
    200: success('Removed', z.object({ message: z.string() })),
    ...managementFailures,
    404: failure('None is enrolled'),
  },
})

export function createTotpRoutes() {
  return createRouter()
    .openapi(begin, async (c) => {
      const begun = await beginTotpEnrolment(c.env.people, c.var.session, Date.now())
      const { secret, uri, expiresAtMs } = begun
      const data = { secret, uri, expires_at: isoTime(expiresAtMs) }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(confirm, async (c) => {
      const { code } = c.req.valid('json')
      const outcome = await confirmTotpEnrolment(c.env.people, c.var.session, code, actingOf(c))
      if (outcome.kind === 'wrong')
        throw new Problem('forbidden', { detail: 'The code is wrong. Is the clock right?' })
      if (outcome.kind === 'not_begun')
        throw new Problem('conflict', { detail: 'Begin again with POST /api/auth/factors/totp.' })
      const data = { recovery_codes: outcome.recoveryCodes }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(remove, async (c) => {
      const isRemoved = await removeTotpFactor(c.env.people, c.var.session, actingOf(c))
      if (!isRemoved)
        throw new Problem('not_found', { detail: 'No authenticator app is enrolled.' })
      const data = { message: 'Authenticator app removed' }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
}

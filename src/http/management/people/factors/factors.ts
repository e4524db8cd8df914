// GET /api/auth/factors, and recovery codes.
import { createRoute, z } from '@hono/zod-openapi'
import { stepUpMethodOf } from '../../../../core/factors.ts'
import { renewRecoveryCodes } from '../../../../identity/factors/enrol.ts'
import { enrolledFactors, findTotp, recoveryCodesSince } from '../../../../storage/factor-store.ts'
import { listPasskeys } from '../../../../storage/passkey-store.ts'
import { membershipsOf } from '../../../../storage/people-store.ts'
import { actingOf } from '../../../auth/acting.ts'
import { Problem } from '../../../response/problem.ts'
import { failure, managementFailures, success } from '../../../routing/responses.ts'
import { createRouter } from '../../../routing/router.ts'
import { bySession, bySessionAfterStepUp } from '../../../routing/security.ts'
import { isoTime } from '../../../routing/time.ts'
import {
  factorsPath,
  factorsSchema,
  noStore,
  passkeyView,
  recoveryCodes,
  shownTime,
  tags,
} from './schema.ts'

const list = createRoute({
  method: 'get',
  path: factorsPath,
  operationId: 'getFactors',
  tags,
  security: bySession,
  summary: 'How the person proves who they are',
  responses: { 200: success('Their factors', factorsSchema), ...managementFailures },
})

const renew = createRoute({
  method: 'post',
  path: `${factorsPath}/recovery-codes`,
  operationId: 'createRecoveryCodes',
  tags,
  security: bySessionAfterStepUp,
  summary: 'Ten new recovery codes, in the place of all others',
  responses: {
    200: success('The codes', z.object({ recovery_codes: recoveryCodes })),
    ...managementFailures,
    409: failure('There is no factor for which they would stand'),
  },
})

export function createFactorList() {
  return createRouter()
    .openapi(list, async (c) => {
      const { userId } = c.var.session
      const enrolled = await enrolledFactors(c.env.db, userId)
      const totp = await findTotp(c.env.db, userId)
      const passkeys = await listPasskeys(c.env.db, userId)
      const accounts = await membershipsOf(c.env.db, userId)
      const since = await recoveryCodesSince(c.env.db, userId)
      const data = {
        password: enrolled.hasPassword,
        totp: totp?.enrolledAt
          ? { enrolled_at: isoTime(totp.enrolledAt), last_used_at: shownTime(totp.lastUsedAt) }
          : null,
        passkeys: passkeys.map(passkeyView),
        recovery_codes:
          since === null ? null : { left: enrolled.recoveryCodes, created_at: isoTime(since) },
        required_by: accounts
          .filter(({ requiresFactor }) => requiresFactor)
          .map(({ accountId: id, accountName: name }) => ({ id, name })),
        step_up: stepUpMethodOf(enrolled),
      }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(renew, async (c) => {
      const codes = await renewRecoveryCodes(c.env.people, c.var.session, actingOf(c))
      if (codes === null)
        throw new Problem('conflict', { detail: 'Enrol a passkey or an authenticator app first.' })
      const data = { recovery_codes: codes }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
}

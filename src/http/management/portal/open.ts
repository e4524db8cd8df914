// POST /api/v1/portal-sessions: a key that holds keys:portal opens a session for a customer.
import { createRoute, z } from '@hono/zod-openapi'
import { openSession, refuseSession } from '../../../keys/portal.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPortalKey } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import type { AppSettings } from '../../services.ts'
import { refusedChange } from '../keys/refusals.ts'
import { sessionBody, sessionInputOf } from './schema.ts'

export const sessionsPath = '/api/v1/portal-sessions'

function openOperation({ config }: AppSettings) {
  return createRoute({
    method: 'post',
    path: sessionsPath,
    operationId: 'createPortalSession',
    tags: ['Portal'],
    security: byPortalKey,
    summary: 'Open a session in which a customer manages their own keys',
    description: `For a key that holds \`keys:portal\`, within its \`may_grant\`. \`url\` begins the session once, within 5 minutes: redirect the customer to it at
once, keep it out of logs, and give it to nobody else. A session lasts 15 minutes, up to an hour while it is used, and ends with the key that opened it, its
account, and \`POST /api/api-keys/revoke\` by \`external_id\`. A repeated request is a 409: open another.`,
    ...idempotent,
    request: json(sessionBody(config)),
    responses: {
      201: success(
        'Where to redirect the customer',
        z.object({
          url: z.url().openapi({ example: 'https://keys.example.com/portal#code=CODE' }),
          expires_at: time.openapi({ description: 'Of the url' }),
        }),
      ),
      ...managementFailures,
      ...bodyFailures,
      409: failure('The request was executed before'),
      ...idempotentFailures,
    },
  })
}

export function createPortalSessions(settings: AppSettings) {
  const open = openOperation(settings)
  return createRouter().openapi(open, async (c) => {
    const payload = c.req.valid('json')
    const input = sessionInputOf(payload)
    const authorize = () => {
      const refusal = refuseSession(callerOf(c), input, settings)
      if (refusal !== null) throw refusedChange(refusal)
    }
    return once(c, {
      ...{ route: open, payload, authorize },
      async execute(request) {
        authorize()
        const { db, baseUrl } = c.env
        const made = await openSession(db, await keySettingsOf(c), callerOf(c), input, request)
        // In the fragment, which no server and no log gets.
        const url = `${new URL('/portal', baseUrl).href}#code=${made.code}`
        const data = { url, expires_at: isoTime(made.expiresAt) }
        const headers = { 'cache-control': 'no-store' }
        return c.json({ status: 'success' as const, data }, 201, headers)
      },
      async repeat(): Promise<never> {
        const detail =
          'This request was executed before: its url is not shown again. Open another session.'
        throw new Problem('conflict', { detail })
      },
    })
  })
}

// /api/v1/portal/session: begins with the code of a link, says what the customer may do, and ends.
import { createRoute, z } from '@hono/zod-openapi'
import { readEntry } from '../../../core/scope-matcher.ts'
import { endOf, exchange } from '../../../keys/portal.ts'
import { countKeys, endSession } from '../../../storage/portal-sessions.ts'
import { countGuess } from '../../auth/guess.ts'
import { invalidFields } from '../../response/problem.ts'
import { keySettingsOf } from '../../routing/caller.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous, byPortalSession } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import type { AppSettings } from '../../services.ts'
import { rateLimitOut, rateLimitView } from '../keys/limit-schema.ts'
import { customerFailures } from './failures.ts'

// A type of its own: as a string, the paths of the client would be unknown.
export const sessionPath = '/api/v1/portal/session' as const
const codesPerMinute = 10
const noStore = { 'cache-control': 'no-store' }
const common = { path: sessionPath, tags: ['Portal'] }

const begin = createRoute({
  ...common,
  method: 'post',
  operationId: 'beginPortalSession',
  security: anonymous,
  summary: 'Exchange the code of a link for a portal session',
  description: `\`code\` stands in the fragment of the \`url\`, and works once within 5 minutes. One that was used, has expired or never was is one 400, which
names \`code\`. \`token\` is the credential of the session, as \`Authorization: Bearer\`, under /api/v1/portal alone.`,
  request: json(
    z.strictObject({ code: z.string().trim().max(1_000).openapi({ example: 'lkpc_…' }) }),
  ),
  responses: {
    201: success(
      'The session, shown once',
      z.object({ token: z.string().openapi({ example: 'lkps_…' }), expires_at: time }),
    ),
    ...openFailures,
    ...bodyFailures,
  },
})

const scope = z.object({
  scope: z.string(),
  description: z.string(),
})
const sessionSchema = z
  .object({
    account: z.object({ name: z.string() }),
    external_id: z.string(),
    scopes: z.array(scope).openapi({ description: 'What a key can hold' }),
    environments: z
      .array(z.string())
      .openapi({ description: 'What a key can be of; the first where none is named' }),
    limits: z.object({
      rate_limit: rateLimitOut.openapi({ description: 'Of all keys together' }),
      limits_by: z.literal('external_id'),
      max_lifetime: z.int().nullable().openapi({ description: 'Of a key, in seconds' }),
    }),
    max_keys: z.int(),
    keys: z.int().openapi({ description: 'How many there are of `max_keys`' }),
    origin: z
      .string()
      .nullable()
      .openapi({ description: 'Of the page that the customer came from' }),
    expires_at: time.openapi({ description: 'Later while the session is used, up to `ends_at`' }),
    ends_at: time,
  })
  .openapi('PortalSession')

const read = createRoute({
  ...common,
  method: 'get',
  operationId: 'getPortalSession',
  security: byPortalSession,
  summary: 'What the customer may do in the portal',
  responses: { 200: success('The session', sessionSchema), ...customerFailures },
})

const end = createRoute({
  ...common,
  method: 'delete',
  operationId: 'endPortalSession',
  security: byPortalSession,
  summary: 'End the portal session',
  responses: { 200: success('It has ended', z.object({})), ...customerFailures },
})

export function createPortalSession({ config }: AppSettings) {
  return createRouter()
    .openapi(begin, async (c) => {
      const right = await countGuess(c, 'portal-code', codesPerMinute)
      const begun = await exchange(c.env.db, await keySettingsOf(c), c.req.valid('json').code)
      if (begun === null) throw invalidFields([{ path: 'code', message: refused }])
      await right()
      const data = { token: begun.token, expires_at: isoTime(begun.expiresAt) }
      return c.json({ status: 'success' as const, data }, 201, noStore)
    })
    .openapi(read, async (c) => {
      const { session, accountName, actor } = c.var.customer
      const { scopes, environments, maxLifetime, rateLimit } = actor.mayGrant
      const { externalId: external_id, maxKeys: max_keys, origin } = session
      const data = {
        ...{ account: { name: accountName }, external_id, max_keys, origin },
        scopes: (scopes ?? []).map((each) => ({ scope: each, description: describe(each) })),
        environments: [...(environments ?? [])],
        limits: {
          rate_limit: rateLimitView(rateLimit),
          limits_by: 'external_id' as const,
          max_lifetime: maxLifetime,
        },
        keys: await countKeys(c.env.db, session, max_keys),
        expires_at: isoTime(session.expiresAt),
        ends_at: isoTime(endOf(session)),
      }
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(end, async (c) => {
      await endSession(c.env.db, c.var.customer.session.id)
      return c.json({ status: 'success' as const, data: {} }, 200, noStore)
    })

  function describe(text: string): string {
    const entry = config.scopes[text.split('#', 1)[0] ?? '']
    return entry === undefined ? '' : readEntry(entry).description
  }
}

const refused = 'This link was used, has expired or never was: open the portal again'

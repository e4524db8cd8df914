// POST /api/v1/introspect: OAuth 2.0 Token Introspection (RFC 7662), for gateways and frameworks that support it.
// All tokens that are not active get the same answer.
import { createRoute, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { isAddress } from '../../core/address.ts'
import { oneCredit } from '../../keys/consume-limits.ts'
import type { AppEnv } from '../app-env.ts'
import { introspectPath } from '../paths.ts'
import { refusal } from '../response/refusals.ts'
import { formType, maxBodyBytes, requireForm, withUtf8Body } from '../routing/body.ts'
import { failure, limited } from '../routing/responses.ts'
import { createRouter } from '../routing/router.ts'
import { byIntrospector } from '../routing/security.ts'
import { callContextOf, introspector } from './guards.ts'
import { type PublicVerdict, verdictFor } from './verify-token.ts'

// Unknown parameters are ignored (RFC 6749 3.2); a repeated one is not valid.
const form = z
  .object({
    token: z.string().openapi({ description: 'What the client presented' }),
    token_type_hint: z.string().optional().openapi({ description: 'Ignored' }),
    ip: z.string().refine(isAddress, { error: 'No IP address' }).optional().openapi({
      description:
        'Address of the client, an extension of RFC 7662 2.1: without it a key with allowed_ips is not active',
    }),
  })
  .openapi('IntrospectionRequest')

const seconds = z.int().openapi({ description: 'Seconds since 1970' })

/** RFC 7662 2.2, bare: no envelope. */
export const introspection = z
  .union([
    z.object({ active: z.literal(false) }),
    z.object({
      active: z.literal(true),
      scope: z.string().openapi({ description: 'Separated by spaces' }),
      client_id: z.uuid().openapi({ description: 'The id of the key' }),
      sub: z.uuid().openapi({ description: 'The id of the account' }),
      iss: z.string(),
      iat: seconds,
      exp: seconds.optional(),
      token_type: z.literal('Bearer'),
    }),
  ])
  .openapi('Introspection')

export type Introspection = z.infer<typeof introspection>

const introspect = createRoute({
  method: 'post',
  path: introspectPath,
  operationId: 'introspect',
  tags: ['Checking keys'],
  security: byIntrospector,
  summary: 'Introspect a token (RFC 7662)',
  description:
    "The caller's key holds `keys:verify` and is sent as X-API-Key, as Bearer or as the password of Basic (any user name). Unknown, expired, revoked and disabled tokens and those of other accounts get the same answer. Introspecting a limited key consumes its limits, one credit where it has any; where they refuse it, the answer is 429, since the token stays active.",
  request: { body: { required: true, content: { [formType]: { schema: form } } } },
  responses: {
    200: {
      description: 'The properties of an active token',
      content: { 'application/json': { schema: introspection } },
    },
    400: failure('The form lacks token, or names a field twice'),
    401: failure('No key of the caller, or one that is not valid'),
    403: failure("The caller's key lacks keys:verify"),
    413: failure('The body is too large'),
    415: failure('The body is not a form'),
    ...limited,
    503: failure('Not known right now, never `active: false`: try again'),
  },
})

export function createIntrospectRoutes() {
  const router = createRouter()
  router.use(introspectPath, introspector, strictForm)
  return router.openapi(introspect, async (c) => {
    const { token, ip = null } = c.req.valid('form')
    const input = { token, scopes: [], ip, fresh: false, ...oneCredit }
    const verdict = await verdictFor(c.var.accountScope, callContextOf(c), input)
    c.header('Cache-Control', 'no-store')
    return c.json(introspectionOf(verdict, c.env.baseUrl), 200)
  })
}

/** @throws Problem 429 for a limited key: with `active: false` the client would discard it. */
function introspectionOf(verdict: PublicVerdict, issuer: string): Introspection {
  if (
    verdict.code === 'flood' ||
    verdict.code === 'rate_limited' ||
    verdict.code === 'credits_exhausted'
  )
    throw refusal(verdict)
  if (verdict.code !== 'valid') return { active: false }
  const { id, accountId, createdAt, expiresAt } = verdict.record
  return {
    active: true,
    scope: verdict.powers.scopes.join(' '),
    client_id: id,
    sub: accountId,
    iss: issuer,
    iat: secondsOf(createdAt),
    ...(expiresAt !== null && { exp: secondsOf(expiresAt) }),
    token_type: 'Bearer',
  }
}

function secondsOf(timeMs: number): number {
  return Math.floor(timeMs / 1000)
}

const strictForm: MiddlewareHandler<AppEnv> = async function strictForm(c, next) {
  requireForm(c.req.raw)
  c.req.raw = await withUtf8Body(c.req.raw, maxBodyBytes)
  await next()
}

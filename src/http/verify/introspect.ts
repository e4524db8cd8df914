// POST /api/v1/introspect: OAuth 2.0 Token Introspection (RFC 7662), for gateways and frameworks that support it.
// All tokens that are not active get the same answer.
import { createRoute, z } from '@hono/zod-openapi'
import { isAddress } from '../../core/address.ts'
import { defaultEnvironment, environmentsOfRequest } from '../../core/environment.ts'
import type { TokenFormats } from '../../core/foreign.ts'
import { needsOf } from '../../core/verdict.ts'
import { oneCredit } from '../../keys/consume-limits.ts'
import { introspectPath } from '../paths.ts'
import { refusal } from '../response/refusals.ts'
import { formType } from '../routing/requests.ts'
import { limited } from '../routing/responses.ts'
import { createRouter } from '../routing/router.ts'
import { byIntrospector } from '../routing/security.ts'
import type { AppSettings } from '../services.ts'
import { callContextOf } from './guards.ts'
import { introspector } from './introspector.ts'
import { oauthFailure } from './oauth-errors.ts'
import { environmentField, held, identity } from './verify.ts'
import { identityOf, type PublicVerdict, verdictFor } from './verify-token.ts'

function formSchema(formats: TokenFormats) {
  return z
    .object({
      environment: environmentField(formats).optional().openapi({
        description:
          'The environment that the key must have, an extension of RFC 7662 2.1; `live` if left out',
      }),
      token: z.string().openapi({ description: 'What the client presented' }),
      token_type_hint: z.string().optional().openapi({ description: 'Ignored' }),
      ip: z.string().refine(isAddress, { error: 'Not an IP address' }).optional().openapi({
        description:
          'Address of the client, an extension of RFC 7662 2.1: without it a key with allowed_ips is not active',
      }),
      client_id: z
        .string()
        .optional()
        .openapi({ description: 'Of `client_secret_post`: any value' }),
      client_secret: z.string().optional().openapi({
        description:
          "The caller's key, where no header holds it (`client_secret_post`); beside one it is a 400",
      }),
    })
    .openapi('IntrospectionRequest')
}

const seconds = z.int().openapi({ description: 'Seconds since 1970' })

/** RFC 7662 2.2, bare: no envelope. */
export const introspection = z
  .union([
    z.object({ active: z.literal(false) }),
    z.object({
      active: z.literal(true),
      scope: z.string().openapi({ description: 'Separated by spaces' }),
      resources: held.resources,
      ...identity,
      // Many clients map members of the top level only.
      external_id: identity.key.shape.external_id,
      metadata: identity.key.shape.metadata,
      environment: identity.key.shape.environment,
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

function operation(formats: TokenFormats) {
  const form = formSchema(formats)
  return createRoute({
    method: 'post',
    path: introspectPath,
    operationId: 'introspect',
    tags: ['Checking keys'],
    security: byIntrospector,
    summary: 'Introspect a token (RFC 7662)',
    description:
      "The caller's key holds `keys:verify` and is sent as X-API-Key, as Bearer, as the password of Basic (any user name) or as client_secret in the form. Unknown parameters are ignored; one that is sent twice is not. Failures have the `error` of RFC 6749, and are `application/json` for a client that accepts no problem. Unknown, expired, revoked and disabled tokens and those of other accounts get the same answer. Introspecting a limited key consumes its limits, one credit where it has any; where they refuse it, the answer is 429, since the token stays active.",
    request: { body: { required: true, content: { [formType]: { schema: form } } } },
    responses: {
      200: {
        description: 'The properties of an active token',
        content: { 'application/json': { schema: introspection } },
      },
      400: oauthFailure(
        'The form lacks token, names a field twice, or has a second key of the caller',
      ),
      401: oauthFailure('No key of the caller, or one that is not valid'),
      403: oauthFailure("The caller's key lacks keys:verify"),
      413: oauthFailure('The body is too large'),
      415: oauthFailure('The body is not a form'),
      429: { ...limited[429], content: oauthFailure('').content },
      503: oauthFailure('Not known right now, never `active: false`: try again'),
    },
  })
}

export function createIntrospectRoutes({ config }: AppSettings) {
  const introspect = operation(config)
  const router = createRouter()
  router.use(introspectPath, introspector)
  return router.openapi(introspect, async (c) => {
    const { token, ip = null, environment = defaultEnvironment } = c.req.valid('form')
    const environments = environmentsOfRequest(environment)
    const input = { ...needsOf(), token, environments, ip, fresh: false, ...oneCredit }
    const { accountScope } = c.var
    const verdict = await verdictFor(accountScope, callContextOf(c, accountScope), input)
    c.header('Cache-Control', 'no-store')
    return c.json(introspectionOf(verdict, c.env.baseUrl, config), 200)
  })
}

/** @throws Problem 429 for a limited key: with `active: false` the client would discard it. */
function introspectionOf(
  verdict: PublicVerdict,
  issuer: string,
  formats: TokenFormats,
): Introspection {
  if (
    verdict.code === 'flood' ||
    verdict.code === 'rate_limited' ||
    verdict.code === 'credits_exhausted'
  )
    throw refusal(verdict)
  if (verdict.code !== 'valid') return { active: false }
  const { id, accountId, createdAt, expiresAt } = verdict.record
  const { key, account } = identityOf(verdict.record, formats)
  const { external_id, metadata, environment } = key
  return {
    active: true,
    scope: verdict.powers.scopes.join(' '),
    resources: [...verdict.powers.resources],
    ...{ key, account, external_id, metadata, environment },
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

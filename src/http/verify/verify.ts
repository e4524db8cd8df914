// POST /api/v1/keys/verify and /verify-batch: whether a token is valid, for servers whose own key holds keys:verify.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { maxBatchSize, maxIdempotencyKeyLength } from '../../contract/verify.ts'
import { isAddress } from '../../core/address.ts'
import type { Config } from '../../core/config.ts'
import {
  anyEnvironment,
  defaultEnvironment,
  environmentsOf,
  environmentsOfRequest,
} from '../../core/environment.ts'
import type { TokenFormats } from '../../core/foreign.ts'
import { needRefusal } from '../../core/scope-matcher.ts'
import type { AppEnv } from '../app-env.ts'
import { verifyBatchPath, verifyPath } from '../paths.ts'
import { hardenedResponse } from '../response/hardening.ts'
import { jsonBody, readJsonBody } from '../routing/body.ts'
import { inOrder } from '../routing/in-order.ts'
import { refuseQuery } from '../routing/query.ts'
import { idField } from '../routing/requests.ts'
import { failure, limited, success } from '../routing/responses.ts'
import { createRouter } from '../routing/router.ts'
import { byVerifier } from '../routing/security.ts'
import { time } from '../routing/time.ts'
import type { AppSettings } from '../services.ts'
import { accountScopeOf, authenticateVerifier, callContextOf, verifier } from './guards.ts'
import { type VerifyInput, verifyFor } from './verify-token.ts'

const maxNeeds = 200

export const tokenField = z
  .string()
  .openapi({ description: 'What the client presented', example: 'whm_…' })

/** An environment of the deployment, or any. */
export function environmentField(formats: TokenFormats) {
  return z.enum([...environmentsOf(formats), anyEnvironment], { error: 'No such environment' })
}

/** What a request needs of a key, and where it comes from. */
export function accessFields(config: Pick<Config, 'scopes'> & TokenFormats) {
  const need = z.string().superRefine((text, context) => {
    const refusal = needRefusal(text, config.scopes)
    if (refusal !== null) context.addIssue(refusal)
  })
  return {
    scopes: z.array(need).max(maxNeeds).optional().openapi({
      description: 'The key needs all of them: scopes, or `scope#id` for one resource',
    }),
    any_of: z.array(need).min(1).max(maxNeeds).optional().openapi({
      description: 'The key needs any of them, beside all of `scopes`',
    }),
    environment: environmentField(config).optional().openapi({
      description: 'The environment that the key must have; `live` if left out',
    }),
    ip: z.string().refine(isAddress, { error: 'Not an IP address' }).nullish().openapi({
      description: 'Address of the client; without it a key with allowed_ips is refused',
    }),
  }
}

export function requestSchema(config: Pick<Config, 'scopes'> & TokenFormats) {
  return z
    .strictObject({
      token: tokenField,
      account_id: z
        .union([z.literal('*'), idField])
        .optional()
        .openapi({
          description:
            'Only keys of this account are known, or with `*` those of all; for keys with `platform:verify`, which need it',
        }),
      ...accessFields(config),
      cost: z.int().min(0).optional().openapi({
        description: 'Credits to consume where the key has any, all of them or none; 1 if left out',
      }),
      idempotencyKey: z.string().min(1).max(maxIdempotencyKeyLength).optional().openapi({
        description:
          'Consumes the cost once in 24 hours, so that a request whose answer was lost can be repeated. Never let the client choose it',
      }),
      fresh: z.boolean().optional().openapi({
        description: 'Reads the nearest fence even while a lease runs',
      }),
    })
    .openapi('VerifyRequest')
}

const keyIdentity = z.object({
  id: z.uuid(),
  name: z.string(),
  external_id: z.string().nullable().openapi({ description: 'Your own id of the customer' }),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  environment: z.string().openapi({ example: 'live' }),
  format: z.string().openapi({ description: 'The name of the token format', example: 'whm' }),
  expires_at: time.nullable(),
})
const accountIdentity = z.object({ id: z.uuid(), name: z.string() })
/** Whose key it is. */
export const identity = { key: keyIdentity, account: accountIdentity }

/** What the key may do. */
export const held = {
  scopes: z.array(z.string()).openapi({ description: 'The names that the key holds whole' }),
  resources: z.array(z.string()).openapi({
    description:
      'What the key holds of single resources, such as `contacts:read#42`: never a restriction of `scopes`',
  }),
}
/** What the limits of the key have left. */
export const remaining = {
  rate_limit: z
    .array(
      z.object({
        name: z.string(),
        limit: z.int(),
        window_seconds: z.int(),
        remaining: z.int(),
        reset_seconds: z.int().openapi({ description: 'Until `remaining` grows by one' }),
      }),
    )
    .nullable()
    .openapi({ description: 'null: no rate limit, or refused before it was checked' }),
  credits: z
    .object({ remaining: z.int() })
    .nullable()
    .openapi({ description: 'null: no credits, or refused before they were checked' }),
}
const about = { ...identity, ...remaining }

const nothing = {
  key: z.null(),
  account: z.null(),
  scopes: z.null(),
  resources: z.null(),
  rate_limit: z.null(),
  credits: z.null(),
}

/** Tokens of other accounts are `invalid_api_key`, without any details. */
export const verifyAnswer = z
  .union([
    z.object({
      valid: z.literal(true),
      code: z.literal('valid'),
      ...about,
      ...held,
    }),
    z.object({
      valid: z.literal(false),
      code: z.literal('insufficient_scope'),
      ...about,
      ...held,
      missing_scopes: z.array(z.string()),
      missing_any_of: z.array(z.string()).openapi({
        description: 'All of `any_of`, where the key holds none of it',
      }),
    }),
    z.object({
      valid: z.literal(false),
      code: z.literal('rate_limited'),
      ...about,
      ...held,
      retry_after_seconds: z.int(),
    }),
    z.object({
      valid: z.literal(false),
      code: z.literal('credits_exhausted'),
      ...about,
      ...held,
      retry_after_seconds: z
        .int()
        .nullable()
        .openapi({ description: 'null: no refill will cover the cost' }),
    }),
    z.object({
      valid: z.literal(false),
      code: z.literal('conflict'),
      ...about,
      ...held,
    }),
    z.object({
      valid: z.literal(false),
      code: z.enum([
        'revoked_api_key',
        'expired_api_key',
        'disabled_api_key',
        'account_suspended',
        'wrong_environment',
        'ip_not_allowed',
      ]),
      ...about,
      scopes: z.null(),
      resources: z.null(),
    }),
    z.object({ valid: z.literal(false), code: z.literal('invalid_api_key'), ...nothing }),
    z.object({
      valid: z.literal(false),
      code: z.literal('rate_limited'),
      ...nothing,
      retry_after_seconds: z.int(),
    }),
  ])
  .openapi('VerifyAnswer')

const failures = {
  400: failure('The request is not valid; `errors` names the fields'),
  401: failure('No key of the caller, or one that is not valid'),
  403: failure("The caller's key lacks keys:verify, or platform:verify for another account"),
  413: failure('The body is too large'),
  415: failure('The body is not JSON'),
  ...limited,
  503: failure('Not known right now, which is not a refusal: try again'),
}

function operations(config: Pick<Config, 'scopes'> & TokenFormats) {
  const request = requestSchema(config)
  const one = createRoute({
    method: 'post',
    path: verifyPath,
    operationId: 'verifyKey',
    tags: ['Checking keys'],
    security: byVerifier,
    summary: 'Verify a token',
    description: `The caller's key holds \`keys:verify\`, or \`platform:verify\` and names \`account_id\`. Tokens of other accounts are \`invalid_api_key\`. Limits are checked last: \`rate_limited\` and \`credits_exhausted\` consume nothing. \`conflict\`: the idempotencyKey was used for another cost. \`rate_limited\` with \`key: null\`: too many unknown tokens from this \`ip\`.`,
    request: { body: { required: true, content: { 'application/json': { schema: request } } } },
    responses: { 200: success('The verdict about the token', verifyAnswer), ...failures },
  })
  const body = z.strictObject({ keys: z.array(request).min(1).max(maxBatchSize) })
  const many = createRoute({
    method: 'post',
    path: verifyBatchPath,
    operationId: 'verifyKeys',
    tags: ['Checking keys'],
    security: byVerifier,
    summary: `Verify up to ${maxBatchSize} tokens`,
    description:
      'Answers in the order of `keys`. Where one is not known, none is given (503), though others may have consumed their cost: with `idempotencyKey` a repeated request consumes nothing twice.',
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: { 200: success('One verdict for each token', z.array(verifyAnswer)), ...failures },
  })
  return { one, many }
}

/**
 * The handler of `keys/verify` in one step instead of a chain of middleware, since no other endpoint is called as
 * often.
 */
export function createVerifyHandler({ config }: AppSettings) {
  const schema = requestSchema(config)
  return async function verifyKey(c: Context<AppEnv>) {
    const caller = await authenticateVerifier(c)
    refuseQuery(c.req.raw.url)
    const request = await readJsonBody(c, schema)
    const scope = accountScopeOf(caller, request.account_id, 'account_id')
    const data = await verifyFor(scope, callContextOf(c, caller), inputOf(request))
    return hardenedResponse(c, 'json', JSON.stringify({ status: 'success', data }))
  }
}

export function createVerifyRoutes({ config }: AppSettings) {
  const { one, many } = operations(config)
  const router = createRouter()
  router.use('/api/v1/keys/*', verifier, jsonBody())
  return router
    .openapi(one, async (c) => {
      // For the document and its types: app.ts routes this path to createVerifyHandler.
      const request = c.req.valid('json')
      const scope = accountScopeOf(c.var.verifier, request.account_id, 'account_id')
      const data = await verifyFor(scope, callContextOf(c, c.var.verifier), inputOf(request))
      return c.json({ status: 'success' as const, data }, 200)
    })
    .openapi(many, async (c) => {
      const callContext = callContextOf(c, c.var.verifier)
      // All are judged before any is verified.
      const requests = c.req.valid('json').keys.map((request, at) => {
        const path = `keys.${at}.account_id`
        return { request, scope: accountScopeOf(c.var.verifier, request.account_id, path) }
      })
      const data = await inOrder(requests, ({ scope, request }) =>
        verifyFor(scope, callContext, inputOf(request)),
      )
      c.header('Cache-Control', 'no-store')
      return c.json({ status: 'success' as const, data }, 200)
    })
}

type Request = z.output<ReturnType<typeof requestSchema>>

function inputOf(request: Request): VerifyInput {
  const { scopes = [], any_of = null, environment = defaultEnvironment, ip = null } = request
  const { token, cost = 1, idempotencyKey = null, fresh = false } = request
  return {
    ...{ token, scopes, anyOf: any_of, environments: environmentsOfRequest(environment), ip },
    ...{ cost, idempotencyKey, fresh },
  }
}

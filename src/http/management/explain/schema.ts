// POST /api/api-keys/explain on the wire.
import { createRoute, z } from '@hono/zod-openapi'
import type { Config } from '../../../core/config.ts'
import { explainPath } from '../../paths.ts'
import { idField, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { byManager } from '../../routing/security.ts'
import { accessFields, held, identity, remaining, tokenField } from '../../verify/verify.ts'

/** In the order in which a request meets them. */
export const checkNames = [
  ...(['path', 'shape', 'tag', 'known'] as const),
  ...(['revoked', 'disabled', 'expired', 'suspended', 'environment', 'address', 'scope'] as const),
  ...(['policy', 'limits'] as const),
] as const

export type CheckName = (typeof checkNames)[number]

/** The codes of refusals, by verification and by the gateway. */
export const refusalCodes = [
  'not_found',
  'invalid_api_key',
  'revoked_api_key',
  'disabled_api_key',
  'expired_api_key',
  'account_suspended',
  'wrong_environment',
  'ip_not_allowed',
  'insufficient_scope',
  'invalid_request',
  'forbidden',
  'credits_exhausted',
  'rate_limited',
  'authority_unavailable',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

const check = z.object({
  check: z.enum(checkNames),
  passed: z.boolean().nullable().openapi({
    description: 'null: does not apply, or is not known at present',
  }),
  code: z.enum(refusalCodes).nullable().openapi({
    description: 'What a request gets for which this is the first check that fails',
  }),
  detail: z.string().openapi({ description: 'What was compared' }),
  remedy: z.string().nullable().openapi({ description: 'What would mend it' }),
})

const needed = z.object({
  scopes: z.array(z.string()),
  any_of: z.array(z.string()).nullable(),
  environments: z.array(z.string()).nullable().openapi({ description: 'null: any' }),
})

const explanation = z
  .object({
    code: z.enum(['valid', ...refusalCodes]).openapi({
      description:
        'What such a request gets now: `valid`, or the code of the first check that fails. As `keys/verify` says it; with `method` and `path` as the gateway does',
    }),
    key: identity.key.nullable(),
    account: identity.account.nullable(),
    scopes: held.scopes.nullable(),
    resources: held.resources.nullable(),
    needed: needed.openapi({ description: 'What the request needs of a key' }),
    route: z.string().nullable().openapi({
      description: "The route of the gateway's policy that the request matches",
      example: '/api/contacts/{id}',
    }),
    ...remaining,
    retry_after_seconds: z.int().nullable(),
    lease_seconds: z.number().openapi({
      description:
        'All this is what the database has now: an isolate that remembers something older follows within so many seconds',
    }),
    checks: z
      .array(check)
      .openapi({ description: 'All of them in order, also after a failed one' }),
  })
  .openapi('KeyExplanation')

export type Explanation = z.infer<typeof explanation>
export type Check = z.infer<typeof check>

const method = z
  .string()
  .max(32)
  .regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'Not a method')
  .openapi({ description: 'Of a request to the gateway, with `path`', example: 'GET' })

const path = z
  .string()
  .max(8_192)
  .regex(/^\/[!-~]*$/, 'Not a path')
  .regex(/^[^?#]*$/, 'Without a query')
  .openapi({
    description: 'As the client sends it, without its query',
    example: '/api/contacts/42',
  })

function requestSchema(config: Pick<Config, 'scopes' | 'formats' | 'foreign'>) {
  return z
    .strictObject({
      token: tokenField.optional(),
      key_id: idField.optional(),
      method: method.optional(),
      path: path.optional(),
      ...accessFields(config),
    })
    .superRefine((body, context) => {
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: 'custom', path: field === '' ? [] : [field], message })
      const { token, key_id, method, path } = body
      if (token === undefined && key_id === undefined) refuse('', 'Give one of token and key_id')
      if (token !== undefined && key_id !== undefined) refuse('token', 'Not beside key_id')
      if (method !== undefined && path === undefined) refuse('path', 'Needed with method')
      if (path === undefined) return
      if (method === undefined) refuse('method', 'Needed with path')
      if (body.any_of !== undefined) refuse('any_of', 'With a path, the policy says it')
    })
    .openapi('ExplainRequest')
}

export type ExplainRequest = z.output<ReturnType<typeof requestSchema>>

export function explainOperation(config: Pick<Config, 'scopes' | 'formats' | 'foreign'>) {
  return createRoute({
    method: 'post',
    path: explainPath,
    operationId: 'explainKey',
    tags: ['API keys'],
    security: byManager,
    summary: 'Explain why a request with a key passes or is refused',
    description:
      'Reads only: members may, and it goes on while changes are stopped. Consumes and counts nothing of the key. With `method` and `path` it explains a request to the gateway, whose policy says what it needs: `scopes` are needed beside that, `environment` replaces that of the policy. Else it explains one that a service verifies. A token that is unknown and that of another account are `invalid_api_key` alike. A key beyond the `may_grant` of the caller gets the same 404 as an unknown one.',
    request: json(requestSchema(config)),
    responses: {
      200: success('Every check in order', explanation),
      ...managementFailures,
      ...bodyFailures,
      404: failure('No such key in this account'),
    },
  })
}

// What the OpenAPI of routes shares: the envelope of a success, and problems.
import { z } from '@hono/zod-openapi'

export function success<T extends z.ZodType, More extends z.ZodRawShape = Record<never, never>>(
  description: string,
  data: T,
  more: More = {} as More,
) {
  const schema = z.object({ status: z.literal('success'), data, ...more })
  return { description, content: { 'application/json': { schema } } }
}

export const nextCursor = { next_cursor: z.string().nullable() }

const noCursor = z.null().openapi({ description: 'Always null: all are in one page' })

/** A list that has no pages. */
export function wholeList<T extends z.ZodType>(description: string, item: T) {
  return success(description, z.array(item), { next_cursor: noCursor })
}

export const problemSchema = z
  .object({
    type: z.string().openapi({ description: 'The page that explains the code' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({
      description: 'Stable; later releases may add codes',
      example: 'insufficient_scope',
    }),
    request_id: z.uuid(),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'Of an `invalid_request`: the fields that are not valid' }),
    key_id: z.uuid().optional().openapi({
      description: 'Of a repeated request that made a key: rotate this key for a new token',
    }),
    replaced_by: z.uuid().optional().openapi({
      description: 'Of a key that was rotated: the key that replaced it',
    }),
  })
  .openapi('Problem')

export function failure(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } }
}

/** The limits of the caller's key, or the quotas of the account, refuse the request. */
export const limited = {
  429: {
    ...failure(
      'The limits of the key refuse it, or a quota of the account is full (`quota_exceeded`); nothing was taken. With `RateLimit-Policy` (`"default";q=100;w=60`) and `RateLimit` (`"default";r=0;t=1`) where it has windows',
    ),
    headers: {
      'Retry-After': {
        description:
          'Seconds until the request would be admitted; 3600 without a future refill; not of a full quota, which does not empty by waiting',
        schema: { type: 'integer' as const },
      },
    },
  },
}

/** The failures of every management operation. */
export const managementFailures = {
  400: failure('The request is not valid; `errors` names the fields'),
  401: failure('No credential, or one that is not valid'),
  403: failure('The role or the key may not do this'),
  ...limited,
  503: failure('A store did not answer; trying again is safe'),
}

/** The failures of operations for anyone. */
export const openFailures = {
  400: failure('The request is not valid; `errors` names the fields'),
  429: failure('Too many requests from this address'),
  503: failure('A store did not answer; trying again is safe'),
}

/** The failures of operations with a body. */
export const bodyFailures = {
  413: failure('The body is too large'),
  415: failure('The body is not JSON'),
}

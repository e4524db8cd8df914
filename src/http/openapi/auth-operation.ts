// An operation of Better Auth as the document describes it: the failures follow from the endpoint's security, and
// test/worker/openapi-people.test.ts compares the fields with those that identity/inputs.ts accepts.
import { type RouteConfig, z } from '@hono/zod-openapi'
import { authEndpoints } from '../management/people/auth-endpoints.ts'
import { idempotent, idempotentFailures } from '../routing/idempotency.ts'
import { bodyFailures, failure } from '../routing/responses.ts'

type Description = {
  operationId: string
  summary: string
  description?: string
  tag?: 'People' | 'Members'
  query?: z.ZodObject
  body?: z.ZodObject
  /** What the answer is, and its schema. */
  answer: [description: string, schema: z.ZodType]
  /** Changes what keys may do: answered as any other change. */
  change?: z.ZodObject
  notFound?: string
  conflict?: string
}

const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } })

const pending = {
  pending_regions: z.array(z.string()).openapi({
    description: 'Not yet confirmed in these regions, which are retried',
  }),
}

/** `name` as `authEndpoints` has it: `POST /sign-out`. */
export function authOperation(name: string, described: Description): RouteConfig {
  const { operationId, summary, description, tag = 'People', query, body, change } = described
  const [said, schema] = described.answer
  const endpoint = authEndpoints[name]
  if (endpoint === undefined) throw new Error(`${name} is no endpoint of Better Auth.`)
  const [method = '', path = ''] = name.split(' ')
  return {
    method: method.toLowerCase() as 'get' | 'post',
    path: `/api/auth${path}`,
    ...{ operationId, summary, tags: [tag], security: endpoint.security },
    ...(description !== undefined && { description }),
    ...(endpoint.isIdempotent && idempotent),
    request: {
      ...(query && { query }),
      ...(body && { body: { required: true, ...json(body) } }),
    },
    responses: {
      200: { description: said, ...json(schema) },
      ...(change && {
        202: {
          description: 'Changed, not yet known to be in force everywhere',
          ...json(change.extend(pending)),
        },
      }),
      ...failuresOf([method, path], described, endpoint),
    },
  }
}

function failuresOf(
  [method, path]: [string, string],
  { body, notFound, conflict }: Description,
  { security, isIdempotent }: (typeof authEndpoints)[string],
): RouteConfig['responses'] {
  return {
    400: failure('The request is not valid; `errors` names the fields'),
    ...(security.length > 0 && { 401: failure('Not signed in') }),
    ...((security.length > 0 || method === 'POST') && {
      403: failure('The role may not do this, or a page of another origin sent the request'),
    }),
    ...(notFound !== undefined && { 404: failure(notFound) }),
    ...(conflict !== undefined && { 409: failure(conflict) }),
    ...(body && bodyFailures),
    ...(isIdempotent && idempotentFailures),
    ...(isCounted(method, path) && { 429: failure('Too many attempts') }),
    503: failure('A store did not answer; trying again is safe'),
  }
}

/** As people/auth.ts counts them. */
function isCounted(method: string, path: string): boolean {
  return method === 'POST' || path === '/jwks'
}

// The errors of introspection carry RFC 6749's `error` beside the members of a problem (RFC 7662 2.3).
import { z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { ProblemBody } from '../../contract/problems.ts'
import type { AppEnv } from '../app-env.ts'
import { failure, problemSchema } from '../routing/responses.ts'

const errors = [
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
  'temporarily_unavailable',
  'server_error',
] as const

type OAuthError = (typeof errors)[number]

const schema = problemSchema
  .extend({ error: z.enum(errors).openapi({ description: 'RFC 6749 5.2 and 4.1.2.1' }) })
  .openapi('OAuthProblem')

/** A failure in the document: of either type, by what the client accepts. */
export function oauthFailure(description: string) {
  return {
    ...failure(description),
    content: { 'application/problem+json': { schema }, 'application/json': { schema } },
  }
}

/** Adds `error` to every failure. The type is JSON for a client that accepts that alone, as RFC 6749 5.2 has it. */
export const oauthErrors: MiddlewareHandler<AppEnv> = async function oauthErrors(c, next) {
  await next()
  const { status, headers: sent } = c.res
  if (status < 400) return
  const problem: ProblemBody = await c.res.json()
  const headers = new Headers(sent)
  if (acceptsOnlyJson(c.req.raw.headers)) headers.set('content-type', 'application/json')
  const body = JSON.stringify({ error: errorOf(status), ...problem })
  c.res = new Response(body, { status, headers })
}

function errorOf(status: number): OAuthError {
  if (status === 401) return 'invalid_client'
  if (status === 403) return 'unauthorized_client'
  if (status === 429 || status === 503) return 'temporarily_unavailable'
  return status < 500 ? 'invalid_request' : 'server_error'
}

function acceptsOnlyJson(headers: Headers): boolean {
  const accepted = headers.get('accept')?.toLowerCase() ?? ''
  return accepted.includes('application/json') && !accepted.includes('application/problem+json')
}

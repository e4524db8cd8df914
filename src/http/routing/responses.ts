// Answers that routes share: the envelope, its OpenAPI, and how far a change has come.
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ChangeResult, Progress } from '../../keys/change.ts'
import type { Refusal } from '../../keys/manage.ts'
import type { AppEnv } from '../app-env.ts'
import { isoTime } from '../management/keys/key-schema.ts'
import { limitError } from '../management/keys/limit-schema.ts'
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'

export function success<T extends z.ZodType, More extends z.ZodRawShape = Record<never, never>>(
  description: string,
  data: T,
  more: More = {} as More,
) {
  const schema = z.object({ status: z.literal('success'), data, ...more })
  return { description, content: { 'application/json': { schema } } }
}

export const nextCursor = { next_cursor: z.string().nullable() }

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.uuid(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')

export function failure(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } }
}

/** The answer to a request that the limits of the caller's key refuse. */
export const limited = {
  429: {
    ...failure(
      'The limits of the key refuse it; nothing was taken. With `RateLimit-Policy` (`"default";q=100;w=60`) and `RateLimit` (`"default";r=0;t=1`) where it has windows',
    ),
    headers: {
      'Retry-After': {
        description: 'Seconds until it would pass; 3600 where no refill will come',
        schema: { type: 'integer' as const },
      },
    },
  },
}

/** What every management operation may answer beside its success. */
export const managementFailures = {
  400: failure('The request is not valid; `errors` names the fields'),
  401: failure('No credential, or one that is not good'),
  403: failure('The role or the key may not do this'),
  ...limited,
  503: failure('A store did not answer; asking again is safe'),
}

/** What an operation with a body may answer beside. */
export const bodyFailures = {
  413: failure('The body is too large'),
  415: failure('The body is not JSON'),
}

/** Added to the data of a change that is not yet known to be in force everywhere. */
export const underway = {
  effective_at: z.string().optional().openapi({ description: 'In force everywhere at this time' }),
  pending_regions: z
    .array(z.string())
    .optional()
    .openapi({ description: 'In force but for these regions, which follow by themselves' }),
}

export function wantsAsync(request: Request): boolean {
  // RFC 7240: preferences are a list, their names in any case.
  const preferences = request.headers.get('prefer')?.toLowerCase().split(',') ?? []
  return preferences.some((preference) => preference.trim().split(';')[0] === 'respond-async')
}

/** 200 (or the status of a finished change) once it is in force everywhere, 202 before. */
export function changeAnswer<Data extends object>(
  c: Context<AppEnv>,
  progress: Progress,
  data: Data,
  finished: 200 | 201 = 200,
): Response {
  switch (progress.kind) {
    case 'in_force':
      return c.json({ status: 'success' as const, data }, finished)
    case 'accepted': {
      c.header('Preference-Applied', 'respond-async')
      const effective_at = isoTime(progress.effectiveAt)
      return c.json({ status: 'success' as const, data: { ...data, effective_at } }, 202)
    }
    case 'pending': {
      const pending_regions = progress.regions
      return c.json({ status: 'success' as const, data: { ...data, pending_regions } }, 202)
    }
  }
}

/** The progress of a change that took place. @throws Problem 403, 404 or 409 for one that did not. */
export function progressOf(changed: ChangeResult<Refusal>): Progress {
  switch (changed.kind) {
    case 'done':
      return changed.progress
    case 'not_found':
      throw noSuchKey()
    case 'refused':
      throw refusedChange(changed.refusal)
    case 'contended':
      throw new Problem('conflict', { detail: 'Others are changing this key. Try again.' })
  }
}

export function noSuchKey(): Problem {
  return new Problem('not_found', { detail: 'There is no such key in this account.' })
}

export function refusedChange(refusal: Refusal): Problem {
  switch (refusal.reason) {
    case 'grant':
      return new Problem('forbidden', {
        detail: refusal.detail,
        // RFC 6750 is about tokens: a person at a session is told without a challenge.
        ...(refusal.actor === 'key' && { headers: challenge('insufficient_scope') }),
      })
    case 'revoked':
      return new Problem('conflict', { detail: 'A revoked key stays as it is.' })
    case 'disabled':
      return new Problem('conflict', {
        detail: 'A disabled key cannot be rotated: enable it first.',
      })
    case 'expired':
      return new Problem('conflict', {
        detail: 'An expired key cannot be rotated: make a new one.',
      })
    case 'replaced':
      return new Problem('conflict', { detail: 'This key has been rotated already.' })
    case 'limits': {
      const error = limitError(refusal.mistake)
      return new Problem('invalid_request', { detail: error.message, errors: [error] })
    }
  }
}

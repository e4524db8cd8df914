// The answer to a change: how far it has come.
import { z } from '@hono/zod-openapi'
import type { Context, TypedResponse } from 'hono'
import type { JSONParsed } from 'hono/utils/types'
import type { Progress } from '../../keys/change.ts'
import type { AppEnv } from '../app-env.ts'
import { isoTime } from './time.ts'

/** Added to the data of a change that is not yet known to be in force everywhere. */
export const underway = {
  effective_at: z.string().optional().openapi({ description: 'In force everywhere at this time' }),
  pending_regions: z
    .array(z.string())
    .optional()
    .openapi({ description: 'Not yet confirmed in these regions, which are retried' }),
}

/** Declares the header in the route of a change. */
export const preferParameter = {
  name: 'Prefer',
  in: 'header' as const,
  required: false,
  description: '`respond-async`: 202 at once, with `effective_at` (RFC 7240)',
  schema: { type: 'string' as const },
  example: 'respond-async',
}

export function wantsAsync(request: Request): boolean {
  // RFC 7240: preferences are a list, their names in any case.
  const preferences = request.headers.get('prefer')?.toLowerCase().split(',') ?? []
  return preferences.some((preference) => preference.trim().split(';')[0] === 'respond-async')
}

type Underway = z.infer<z.ZodObject<typeof underway>>

type Success<Data, Status extends 200 | 201 | 202> = Response &
  TypedResponse<JSONParsed<{ status: 'success'; data: Data }>, Status, 'json'>

/** 200 (or the status of a finished change) once it is in force everywhere, 202 before. */
export function changeAnswer<Data extends object, Finished extends 200 | 201 = 200>(
  c: Context<AppEnv>,
  progress: Progress,
  data: Data,
  finished?: Finished,
): Success<Data, Finished> | Success<Data & Underway, 202>
export function changeAnswer(
  c: Context<AppEnv>,
  progress: Progress,
  data: object,
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

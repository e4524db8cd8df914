// Fields that several routes for people share.
import { z } from '@hono/zod-openapi'
import { maxPasswordLength, minPasswordLength } from '../../../identity/password.ts'

export const password = z.string().min(minPasswordLength).max(maxPasswordLength)
/** Of a mailed link. */
export const token = z
  .string()
  .trim()
  .max(1_000)
  .openapi({ description: 'What stands after `#` in the link' })

// What the operations of factors share: what is shown of them, and codes.
import { z } from '@hono/zod-openapi'
import { stepUpMethods } from '../../../../core/factors.ts'
import { isoTime, time } from '../../../routing/time.ts'

export const factorsPath = '/api/auth/factors'
export const tags = ['People']
export const noStore = { 'cache-control': 'no-store' }

/** As an app shows it, also in groups. */
export const totpCode = z
  .string()
  .max(20)
  .transform((text) => text.replaceAll(/\s/g, ''))
  .openapi({ type: 'string', maxLength: 20, example: '123456' })

export const recoveryCode = z.string().max(40).openapi({ example: '3f7k-0m2x-9qsd-h41v' })

export const recoveryCodes = z
  .array(z.string())
  .openapi({ description: 'Ten codes, each of which works once. They are not shown again' })

export const firstCodes = recoveryCodes.nullable().openapi({
  description: 'With the first factor: ten codes, each of which works once, not shown again',
})

export const factorsSchema = z
  .object({
    password: z.boolean(),
    totp: z.object({ enrolled_at: time, last_used_at: time.nullable() }).nullable(),
    recovery_codes: z
      .object({ left: z.int(), created_at: time })
      .nullable()
      .openapi({ description: 'They are made with the first factor, and end with the last one' }),
    step_up: z
      .enum(stepUpMethods)
      .nullable()
      .openapi({ description: 'What POST /api/auth/step-up takes; null: only a new sign-in' }),
  })
  .openapi('Factors')

export const signedIn = z.object({
  user: z.object({ id: z.uuid(), name: z.string(), email: z.string() }),
})

export const shownTime = (ms: number | null) => (ms === null ? null : isoTime(ms))

// Times in answers: RFC 3339 in UTC.
import { z } from '@hono/zod-openapi'

export const time = z.string().openapi({ format: 'date-time', example: '2027-12-31T23:59:59.000Z' })

export { writeTime as isoTime } from '../../core/time.ts'

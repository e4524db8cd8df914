// What the OpenAPI of requests shares: the id in a path, and a JSON body.
import { z } from '@hono/zod-openapi'

export const idParam = z.object({ id: z.string().openapi({ format: 'uuid' }) })

export const json = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

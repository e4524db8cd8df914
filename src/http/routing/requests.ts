// What the OpenAPI of requests shares: the id in a path, and a JSON body.
import { z } from '@hono/zod-openapi'
import { readId } from '../../core/id.ts'

/** A UUID in any case, read to lower case (RFC 9562 4). */
export const idField = z
  .string()
  .transform((text, context) => {
    const id = readId(text)
    if (id === null) context.addIssue('Not a UUID')
    return id ?? z.NEVER
  })
  .openapi({ type: 'string', format: 'uuid' })

export const idParam = z.object({ id: idField })

export const json = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

export const formType = 'application/x-www-form-urlencoded'

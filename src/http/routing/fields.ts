// Fields of more than one resource, each by the one reader of its kind in core/.
import { z } from '@hono/zod-openapi'
import { metadataError } from '../../core/metadata.ts'
import { maxNameLength, readIdentifier, readName } from '../../core/text.ts'
import { readTime } from '../../core/time.ts'

/** A name of a key, an account, a person: see `readName`. */
export const nameField = z
  .string()
  .transform((text, context) => {
    const reading = readName(text)
    if ('name' in reading) return reading.name
    context.addIssue(reading.error)
    return z.NEVER
  })
  .openapi({
    type: 'string',
    minLength: 1,
    maxLength: maxNameLength,
    description: 'Trimmed and in NFC; no control characters, line breaks or bidi controls',
    example: 'Production',
  })

/** RFC 3339 with an offset, to milliseconds since 1970. */
export const timeField = z
  .string()
  .transform((text, context) => {
    const timeMs = readTime(text)
    if (timeMs === null) context.addIssue('An RFC 3339 time such as 2027-12-31T23:59:59Z')
    return timeMs ?? z.NEVER
  })
  .openapi({ type: 'string', format: 'date-time', example: '2027-12-31T23:59:59Z' })

const maxExternalId = 255

/** What the caller's own system calls the owner of a key: one field where it is stored and where it selects. */
export const externalIdField = z
  .string()
  .transform((text, context) => {
    const identifier = readIdentifier(text)
    if (identifier === null) context.addIssue('No control characters or lone surrogates')
    // A summary calls the keys without an external id by that name.
    if (identifier === 'none') context.addIssue('"none" stands for keys without one')
    return identifier ?? z.NEVER
  })
  .pipe(z.string().min(1).max(maxExternalId))
  .openapi({ type: 'string', minLength: 1, maxLength: maxExternalId, example: 'customer-42' })

export const metadataField = z.record(z.string(), z.unknown()).superRefine((metadata, context) => {
  const error = metadataError(metadata)
  if (error !== null) context.addIssue(error)
})

// If-Match: the version of a key that a change is for.
import type { Context } from 'hono'
import { entityTag, type Precondition, readIfMatch } from '../../core/etag.ts'
import type { AppEnv } from '../app-env.ts'
import { invalidFields } from '../response/problem.ts'
import { failure } from './responses.ts'

const header = 'if-match'

/** Declares the header in the route of an operation. */
export const ifMatchParameter = {
  name: 'If-Match',
  in: 'header' as const,
  required: false,
  description: 'The ETag of the version that the change is for, a list of them, or `*`',
  schema: { type: 'string' as const },
}

export const preconditionFailures = {
  412: failure('If-Match names another version; nothing was changed'),
}

/** Null where any version is meant. @throws Problem 400 */
export function ifMatchOf(c: Context<AppEnv>): Precondition | null {
  const text = c.req.header(header)
  if (text === undefined) return null
  const precondition = readIfMatch(text)
  if (precondition !== null) return precondition
  const message = 'A list of entity tags such as "1795852892995", or *'
  throw invalidFields([{ path: `header.${header}`, message }])
}

/** Of an answer that shows one key: the version that it shows. */
export function tagAnswer(c: Context<AppEnv>, { seq }: { seq: number }): void {
  c.header('ETag', entityTag(seq))
  // Cloudflare compresses what it may transform, and makes its tag a weak one. What holds a token says `no-store` alone.
  c.header('Cache-Control', 'no-transform')
}

/** Declares the header in a response. */
export const etagHeader = {
  headers: {
    ETag: { description: 'The version of the key', schema: { type: 'string' as const } },
  },
}

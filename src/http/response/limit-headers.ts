// What is left of a key's rate limits, told with every answer to its holder
// (draft-ietf-httpapi-ratelimit-headers-11).
import type { Context } from 'hono'
import type { Left, WindowReport } from '../../core/limits.ts'
import type { AppEnv } from '../app-env.ts'

/** Sets RateLimit-Policy and RateLimit on an answer. */
export function setLimitHeaders(c: Context<AppEnv>, { windows }: Left): void {
  if (windows.length === 0) return
  const retryAfter = c.res.status === 429 ? Number(c.res.headers.get('retry-after')) : null
  const [policy, ...rest] = limitFields(windows, retryAfter)
  // Hono copies the answer, which may be sealed, for each header that it is given late: once is enough.
  if (policy !== undefined) c.header(...policy)
  for (const field of rest) c.res.headers.set(...field)
}

/**
 * The two fields; windows that say when nothing could pass anyway are left out. A client that reads both
 * must not come back before Retry-After, nor wait longer than it (draft 11, section 5).
 */
function* limitFields(
  windows: readonly WindowReport[],
  retryAfterSeconds: number | null,
): Generator<[string, string]> {
  const policies = windows.map(({ name, limit, windowSeconds }) => {
    return `"${name}";q=${limit};w=${windowSeconds}`
  })
  yield ['RateLimit-Policy', policies.join(', ')]
  const told = windows.filter(({ resetSeconds }) => resetSeconds <= (retryAfterSeconds ?? Infinity))
  const lefts = told.map(({ name, remaining, resetSeconds }) => {
    return `"${name}";r=${remaining};t=${resetSeconds}`
  })
  if (lefts.length > 0) yield ['RateLimit', lefts.join(', ')]
}

// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11): what is left of the rate limits
// of the key that made the request.
import type { RateLimitStatus } from './verify.ts'

/**
 * The two headers as names and values; none without windows. A client that reads both must neither come back
 * before `Retry-After` nor wait longer than it (draft 11, section 5): `RateLimit` omits windows with a longer reset.
 * @param retryAfterSeconds `Retry-After` of a 429; null or 0 where the answer has none, as of a full quota.
 */
export function rateLimitHeaders(
  windows: readonly RateLimitStatus[],
  retryAfterSeconds: number | null,
): [name: string, value: string][] {
  if (windows.length === 0) return []
  const policies = windows.map(({ name, limit, window_seconds }) => {
    return `"${name}";q=${limit};w=${window_seconds}`
  })
  const shown = windows.filter(({ reset_seconds }) => {
    return reset_seconds <= (retryAfterSeconds || Infinity)
  })
  const limits = shown.map(({ name, remaining, reset_seconds }) => {
    return `"${name}";r=${remaining};t=${reset_seconds}`
  })
  const headers: [string, string][] = [['RateLimit-Policy', policies.join(', ')]]
  if (limits.length > 0) headers.push(['RateLimit', limits.join(', ')])
  return headers
}

// What is left of a key's rate limits, as Latchkey tells it in the headers of its own answers
// (draft-ietf-httpapi-ratelimit-headers-11): test/worker/middleware.test.ts compares the two.
import type { WindowLeft } from './verify-types.ts'

/** `retryAfterSeconds`: of a refusal; windows that ask for a longer wait are left out of `RateLimit`. */
export function limitFields(
  windows: readonly WindowLeft[] | null,
  retryAfterSeconds: number | null = null,
): [string, string][] {
  if (windows === null || windows.length === 0) return []
  const policies = windows.map(({ name, limit, window_seconds }) => {
    return `"${name}";q=${limit};w=${window_seconds}`
  })
  const told = windows.filter(({ reset_seconds }) => {
    return retryAfterSeconds === null || reset_seconds <= retryAfterSeconds
  })
  const lefts = told.map(({ name, remaining, reset_seconds }) => {
    return `"${name}";r=${remaining};t=${reset_seconds}`
  })
  const policy: [string, string] = ['RateLimit-Policy', policies.join(', ')]
  return lefts.length === 0 ? [policy] : [policy, ['RateLimit', lefts.join(', ')]]
}

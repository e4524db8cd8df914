// RateLimit-Policy and RateLimit on responses to requests with a limited key.
import type { Context } from 'hono'
import { rateLimitHeaders } from '../../contract/limit-headers.ts'
import type { RateLimitStatus } from '../../contract/verify.ts'
import type { LimitsRemaining, WindowStatus } from '../../core/limits.ts'
import type { AppEnv } from '../app-env.ts'

export function setLimitHeaders(c: Context<AppEnv>, { windows }: LimitsRemaining): void {
  const retryAfter = c.res.status === 429 ? Number(c.res.headers.get('retry-after')) : null
  const [policy, ...rest] = rateLimitHeaders(windows.map(rateLimitStatus), retryAfter)
  // `c.header` copies the response, whose headers may be immutable: one copy is enough.
  if (policy !== undefined) c.header(...policy)
  for (const header of rest) c.res.headers.set(...header)
}

export function rateLimitStatus(window: WindowStatus): RateLimitStatus {
  const { name, limit, windowSeconds, remaining, resetSeconds } = window
  return { name, limit, window_seconds: windowSeconds, remaining, reset_seconds: resetSeconds }
}

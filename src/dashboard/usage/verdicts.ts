// The verdict codes that usage counts, with a name and a colour for each.
import { type TimeRange, timeRanges } from './api.ts'

const verdicts = {
  valid: ['Valid', '#059669'],
  insufficient_scope: ['Missing scope', '#d97706'],
  rate_limited: ['Rate limited', '#8b5cf6'],
  credits_exhausted: ['Out of credits', '#db2777'],
  wrong_environment: ['Wrong environment', '#65a30d'],
  ip_not_allowed: ['IP address not allowed', '#3b82f6'],
  expired_api_key: ['Expired', '#78716c'],
  disabled_api_key: ['Disabled', '#64748b'],
  revoked_api_key: ['Revoked', '#ef4444'],
  account_suspended: ['Account suspended', '#b45309'],
  conflict: ['Idempotency key reused', '#0d9488'],
  forbidden: ['Path not allowed', '#0891b2'],
  invalid_request: ['Invalid request', '#a16207'],
  authority_unavailable: ['Service unavailable', '#e11d48'],
} as const satisfies Record<string, [name: string, color: string]>

const known: Record<string, readonly [string, string]> = verdicts

export const validColor = verdicts.valid[1]

/** By code, of all that usage counts and the request log holds. */
export const verdictNames: Record<string, string> = Object.fromEntries(
  Object.entries(verdicts).map(([code, [name]]) => [code, name]),
)

export const verdictColor = (code: string): string => known[code]?.[1] ?? '#6b7280'

export type VerdictCount = { code: string; name: string; color: string; count: number }

/** `valid` first, then the denials by frequency. */
export function verdictCounts(counts: Record<string, number>): VerdictCount[] {
  return Object.entries(counts)
    .map(([code, count]) => {
      return { code, name: verdictNames[code] ?? code, color: verdictColor(code), count }
    })
    .sort((a, b) => +(b.code === 'valid') - +(a.code === 'valid') || b.count - a.count)
}

const hour = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })

/** Hours in local time, days in UTC. */
export function stepName(range: TimeRange, time: string): string {
  return (timeRanges[range].granularity === 'hour' ? hour : day).format(new Date(time))
}

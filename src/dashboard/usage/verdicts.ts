// How requests of a key were answered, in words and colours.
import { type Span, spans } from './api.ts'

const faces = {
  valid: ['Valid', '#059669'],
  insufficient_scope: ['Scope missing', '#d97706'],
  rate_limited: ['Rate limited', '#8b5cf6'],
  credits_exhausted: ['No credits left', '#db2777'],
  ip_not_allowed: ['Address not allowed', '#3b82f6'],
  expired_api_key: ['Expired', '#78716c'],
  disabled_api_key: ['Disabled', '#64748b'],
  revoked_api_key: ['Revoked', '#ef4444'],
  conflict: ['Idempotency key reused', '#0d9488'],
  forbidden: ['Path not allowed', '#0891b2'],
  invalid_request: ['Request not valid', '#a16207'],
  authority_unavailable: ['Answer not known', '#e11d48'],
} as const satisfies Record<string, [name: string, color: string]>

export const colorOfValid = faces.valid[1]

export type Answered = { code: string; name: string; color: string; count: number }

/** The codes that occurred, valid first, then those denied, the most frequent first. */
export function answersOf(counts: Record<string, number>): Answered[] {
  const known: Record<string, readonly [string, string]> = faces
  return Object.entries(counts)
    .map(([code, count]) => {
      const [name, color] = known[code] ?? [code, '#6b7280']
      return { code, name, color, count }
    })
    .sort((a, b) => +(b.code === 'valid') - +(a.code === 'valid') || b.count - a.count)
}

const hour = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })

/** An hour where the person is, a day in UTC. */
export function stepName(span: Span, time: string): string {
  return (spans[span].granularity === 'hour' ? hour : day).format(new Date(time))
}

const plain = new Intl.NumberFormat('en')
export const numberText = (count: number) => plain.format(count)

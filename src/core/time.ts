// Parses and writes RFC 3339 times.

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,100}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Milliseconds since 1970; null for text that is no RFC 3339 time, and for an instant outside the years 0000
 * to 9999 in UTC, which RFC 3339 cannot express. Digits after milliseconds are dropped. A leap second is read
 * as the next second, as in POSIX.
 */
export function readTime(text: string): number | null {
  const parts = pattern.exec(text)
  if (parts === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map(Number)
  if (hour > 23 || minute > 59 || second > 60) return null
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  const offset = offsetMinutes(parts[8], Number(parts[9]), Number(parts[10]))
  if (offset === null) return null
  const milliseconds = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3))
  const minuteMs = date.getTime() + (hour * 60 + minute - offset) * 60_000
  // Leap seconds are inserted at the end of a day in UTC.
  if (second === 60 && (minuteMs + 60_000) % dayMs !== 0) return null
  const timeMs = minuteMs + second * 1000 + (second === 60 ? 0 : milliseconds)
  return timeMs >= firstMs && timeMs <= lastMs ? timeMs : null
}

/** RFC 3339 in UTC with milliseconds. What is beyond the years 0000 to 9999 is written as their first or last instant. */
export function writeTime(timeMs: number): string {
  return new Date(Math.min(Math.max(timeMs, firstMs), lastMs)).toISOString()
}

const dayMs = 24 * 60 * 60 * 1000
const firstMs = Date.parse('0000-01-01T00:00:00.000Z')
const lastMs = Date.parse('9999-12-31T23:59:59.999Z')

function offsetMinutes(sign: string | undefined, hours: number, minutes: number): number | null {
  if (sign === undefined) return 0
  if (hours > 23 || minutes > 59) return null
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes)
}

// From when to when: the `from` and `to` of the address, which the API takes. Pure.

const hourMs = 3_600_000

/** In the past, until now. */
export const presets = {
  '24h': { name: 'Last 24 hours', lengthMs: 24 * hourMs },
  '7d': { name: 'Last 7 days', lengthMs: 7 * 24 * hourMs },
  '30d': { name: 'Last 30 days', lengthMs: 30 * 24 * hourMs },
  '90d': { name: 'Last 90 days', lengthMs: 90 * 24 * hourMs },
} as const
export type Preset = keyof typeof presets

/** A time as it is in the address, which anyone may write; null: none. */
export function timeIn(params: URLSearchParams, name: 'from' | 'to'): string | null {
  const timeMs = Date.parse(params.get(name) ?? '')
  return Number.isNaN(timeMs) ? null : new Date(timeMs).toISOString()
}

/** As a field of type `datetime-local` has it: to the minute, in local time. */
export function fieldOf(time: string | null): string {
  if (time === null) return ''
  const date = new Date(time)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`
}

export function timeOf(field: string): string | null {
  const timeMs = Date.parse(field)
  return Number.isNaN(timeMs) ? null : new Date(timeMs).toISOString()
}

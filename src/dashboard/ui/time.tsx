// Relative times, with the exact time on hover.
import { useSyncExternalStore } from 'react'
import { exactTime } from './exact-time.ts'

export { exactTime }

// The words of the pages are English; dates are as the browser writes them.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

/** Unit, its seconds, and the smallest count that uses it: "in 90 days" is more precise than "in 3 months". */
const units = [
  ['year', 365.25 * 86_400, 2],
  ['month', 30.44 * 86_400, 4],
  ['day', 86_400, 1],
  ['hour', 3_600, 1],
  ['minute', 60, 1],
] as const

export function relativeTime(timeMs: number, nowMs: number): string {
  const seconds = (timeMs - nowMs) / 1000
  for (const [unit, size, from] of units) {
    const count = Math.round(seconds / size)
    if (Math.abs(count) >= from) return relative.format(count, unit)
  }
  return seconds > 0 ? 'in less than a minute' : 'just now'
}

export const dateOf = (time: string | number) => day.format(new Date(time))

const tickMs = 30_000
let nowMs = Date.now()

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** One timer for all times on a page. */
function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    nowMs = Date.now()
    timer = setInterval(() => {
      nowMs = Date.now()
      for (const each of listeners) each()
    }, tickMs)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

/** To half a minute. */
export function useNow(): number {
  useSyncExternalStore(subscribe, () => Math.floor(nowMs / tickMs))
  return Date.now()
}

export function RelativeTime({ time }: { time: string }) {
  const text = relativeTime(Date.parse(time), useNow())
  return (
    <time dateTime={time} title={exactTime(time)} className="cursor-default sm:whitespace-nowrap">
      {text}
    </time>
  )
}

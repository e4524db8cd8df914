// Relative times, with the exact time on hover.
import { Tooltip } from '@cloudflare/kumo/components/tooltip'
import { useSyncExternalStore } from 'react'

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' })
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

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

export const exactTime = (time: string | number) => exact.format(new Date(time))
export const dateOf = (time: string | number) => day.format(new Date(time))

const tickMs = 30_000
let nowMs = Date.now()

/** One timer for all times on a page. */
function subscribe(listener: () => void): () => void {
  nowMs = Date.now()
  const timer = setInterval(() => {
    nowMs = Date.now()
    listener()
  }, tickMs)
  return () => clearInterval(timer)
}

export function RelativeTime({ time }: { time: string }) {
  useSyncExternalStore(subscribe, () => Math.floor(nowMs / tickMs))
  const text = relativeTime(Date.parse(time), Date.now())
  return (
    <Tooltip
      content={exactTime(time)}
      render={
        <time dateTime={time} className="whitespace-nowrap">
          {text}
        </time>
      }
    />
  )
}

// The time of a request to the second, which is what logs are compared by; with its day where that is not today.
import { exactTime } from '../ui/exact-time.ts'

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

export const timeOfDay = (time: string | number) => clock.format(new Date(time))

export function RequestTime({ time, nowMs }: { time: string; nowMs: number }) {
  const date = day.format(new Date(time))
  return (
    <time dateTime={time} title={exactTime(time)} className="whitespace-nowrap tabular-nums">
      {timeOfDay(time)}
      {date !== day.format(nowMs) && <span className="block text-sm text-kumo-subtle">{date}</span>}
    </time>
  )
}

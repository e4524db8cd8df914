const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

export const clockTime = (ms: number): string => clock.format(ms)

/** As the browser's language writes it. @param at RFC 3339 */
export function Time({ at, otherwise }: { at: string | null; otherwise: string }) {
  if (at === null) return <span>{otherwise}</span>
  return (
    <time dateTime={at}>
      <bdi>{format.format(new Date(at))}</bdi>
    </time>
  )
}

/** `90 days`, `2 hours`. */
export function durationText(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ]
  const [size, unit] = units.find(([each]) => seconds >= each && seconds % each === 0) ?? [
    1,
    'second',
  ]
  const count = seconds / size
  return `${count.toLocaleString()} ${unit}${count === 1 ? '' : 's'}`
}

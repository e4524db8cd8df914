// How much a key may be used, in words.
import type { Key } from '../api/queries.ts'
import { numberText } from '../usage/verdicts.ts'
import { isNamed, spanOf } from './limit-draft.ts'

export function RateLimits({ value: { rate_limit } }: { value: Key }) {
  if (rate_limit === null) return <>None</>
  return (
    <ul>
      {rate_limit.map(({ name, limit, window_seconds }) => (
        <li key={name}>
          {numberText(limit)} {spanText(window_seconds)}
          {name !== 'default' && isNamed(name, window_seconds) && (
            <span className="text-kumo-subtle"> ({name})</span>
          )}
        </li>
      ))}
    </ul>
  )
}

function spanText(seconds: number): string {
  const { count, unit } = spanOf(seconds)
  return count === 1 ? `a ${unit}`.replace('a hour', 'an hour') : `in ${count} ${unit}s`
}

export function Credits({ value: { credits } }: { value: Key }) {
  if (credits === null) return <>Not needed</>
  if (credits.remaining === null) return <>Not known right now</>
  return <>{numberText(credits.remaining)} left</>
}

export function creditNote({ credits, limits_by }: Key): string | null {
  const refill = credits?.refill
  const again =
    refill &&
    `Filled up to ${numberText(refill.amount)} ${
      refill.interval === 'daily' ? 'every day' : `on day ${refill.day ?? 1} of every month`
    }`
  return [again, limits_by === 'external_id' && 'Shared by its external id']
    .filter(Boolean)
    .join('. ')
}

// The rate limits and credits of a key as text.
import { numberText } from '../ui/number-text.ts'
import type { Key } from './api.ts'
import { windowText } from './grant-text.ts'
import { hasOwnName } from './limit-draft.ts'

export function RateLimits({ value: { rate_limit } }: { value: Pick<Key, 'rate_limit'> }) {
  if (rate_limit === null) return <>None</>
  return (
    <ul>
      {rate_limit.map(({ name, limit, window_seconds }) => (
        <li key={name}>
          {numberText(limit)} per {windowText(window_seconds)}
          {name !== 'default' && hasOwnName(name, window_seconds) && (
            <span className="text-kumo-subtle"> ({name})</span>
          )}
        </li>
      ))}
    </ul>
  )
}

export function Credits({ value: { credits } }: { value: Key }) {
  if (credits === null) return <>Unlimited</>
  if (credits.remaining === null) return <>Currently unavailable</>
  return <>{numberText(credits.remaining)} left</>
}

export function creditNote({ credits, limits_by }: Key): string | null {
  const refill = credits?.refill
  const refillText =
    refill &&
    `Refilled to ${numberText(refill.amount)} ${
      refill.interval === 'daily' ? 'daily' : `on day ${refill.day ?? 1} of every month`
    }`
  return [refillText, limits_by === 'external_id' && 'Shared by keys of the external ID']
    .filter(Boolean)
    .join('. ')
}

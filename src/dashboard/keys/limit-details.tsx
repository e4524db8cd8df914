// The rate limits and credits of a key as text.
import { refillText } from '../ui/key-text.ts'
import { numberText } from '../ui/number-text.ts'
import { windowText } from '../ui/seconds.ts'
import type { Key } from './api.ts'
import { hasOwnName } from './limit-draft.ts'

export function RateLimits({ value: { rate_limit } }: { value: Pick<Key, 'rate_limit'> }) {
  if (rate_limit === null) return <>None</>
  return (
    <ul>
      {rate_limit.map(({ name, limit, window_seconds, mode }) => (
        <li key={name}>
          {numberText(limit)} per {windowText(window_seconds)}
          {mode === 'fast' && ', fast'}
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
  return [
    refill && refillText(refill),
    limits_by === 'external_id' && 'Shared by keys of the external ID',
  ]
    .filter(Boolean)
    .join('. ')
}

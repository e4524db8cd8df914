// What an account has of what it may have.
import { Meter } from '@cloudflare/kumo/components/meter'
import { numberText } from './number-text.ts'
import { shareOf } from './share-of.ts'

type Counts = { keys: number; members: number; endpoints: number }
type Quotas = Counts & { changes_per_minute: number }

const names = { keys: 'API keys', members: 'Members', endpoints: 'Webhook endpoints' } as const

/** `quotas`: null for the platform, which has none. */
export function QuotaMeters({ counts, quotas }: { counts: Counts; quotas: Quotas | null }) {
  const kinds = Object.keys(names) as (keyof Counts)[]
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-3">
        {kinds.map((kind) => (
          <Count
            key={kind}
            name={names[kind]}
            count={counts[kind]}
            quota={quotas?.[kind] ?? null}
          />
        ))}
      </div>
      <p className="text-sm text-kumo-subtle">
        {quotas === null
          ? 'The account of the platform has no quotas.'
          : `At most ${numberText(quotas.changes_per_minute)} changes a minute. Revoked keys are not counted.`}
      </p>
    </div>
  )
}

function Count({ name, count, quota }: { name: string; count: number; quota: number | null }) {
  if (quota === null) {
    return (
      <dl>
        <dt className="text-sm text-kumo-subtle">{name}</dt>
        <dd className="text-base text-kumo-default tabular-nums">{numberText(count)}</dd>
      </dl>
    )
  }
  return (
    <Meter
      label={name}
      value={shareOf(count, quota)}
      customValue={`${numberText(count)} of ${numberText(quota)}`}
    />
  )
}

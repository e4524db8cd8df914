// The share of verifications that each tier answered, with counts by region.
import { Meter } from '@cloudflare/kumo/components/meter'
import { Card } from '../ui/card.tsx'
import { numberText } from '../ui/number-text.ts'
import type { Status } from './api.ts'

type Count = NonNullable<Status['tiers']>[number]

const tiers: [tier: string, name: string][] = [
  ['memory', 'Memory (no I/O)'],
  ['fence', 'Memory and fence'],
  ['cache', 'KV and fence'],
  ['database', 'D1'],
  ['none', 'Unavailable (a store was down)'],
]

export function TiersCard({ tiers: given }: { tiers: readonly Count[] | null }) {
  const counts = given ?? []
  const total = sumOf(counts)
  return (
    <Card
      title="Verifications by tier"
      description="Verifications in the last 24 hours by the tier that answered, counted with a delay of a few seconds."
    >
      {total === 0 ? (
        <p className="text-base text-kumo-subtle">
          {given === null ? 'Not known: the usage object did not respond.' : 'No verifications.'}
        </p>
      ) : (
        <div className="flex flex-col gap-4">
          {tiers.map(([tier, name]) => (
            <TierGauge
              key={tier}
              name={name}
              of={counts.filter((each) => each.tier === tier)}
              total={total}
            />
          ))}
          <p className="text-sm text-kumo-subtle">{numberText(total)} verifications</p>
        </div>
      )}
    </Card>
  )
}

function TierGauge({ name, of, total }: { name: string; of: readonly Count[]; total: number }) {
  const count = sumOf(of)
  if (count === 0) return null
  const regions = of.map(({ region, count }) => `${region} ${numberText(count)}`).join(', ')
  return (
    <div>
      <Meter
        label={name}
        value={count}
        max={total}
        customValue={`${numberText(count)} (${Math.round((100 * count) / total)} %)`}
      />
      <p className="mt-1 text-sm text-kumo-subtle">{regions}</p>
    </div>
  )
}

function sumOf(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0)
}

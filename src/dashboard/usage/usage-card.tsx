// Requests by verdict: totals, a chart and a table.
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, Suspense, useState } from 'react'
import { AsOf } from '../ui/as-of.tsx'
import { Boundary, failedPart } from '../ui/boundary.tsx'
import { Card } from '../ui/card.tsx'
import { chunk } from '../ui/chunk.ts'
import { numberText } from '../ui/number-text.ts'
import { QueryProblem } from '../ui/query-problem.tsx'
import { ListSkeleton, Skeleton } from '../ui/skeleton.tsx'
import { type TimeRange, timeRanges, type Usage, type UsageQuery } from './api.ts'
import { TimeRangeSelect } from './time-range-select.tsx'
import { UsageTable } from './usage-table.tsx'
import { Swatch } from './verdict-name.tsx'
import { validColor, verdictCounts } from './verdicts.ts'

// The chart is the largest part of the dashboard: it loads only when there is data.
const UsageChart = chunk(() => import('./usage-chart.tsx'))

type Props = { query: UsageQuery; initialRange?: TimeRange }

export function UsageCard({ query, initialRange = '24 h' }: Props) {
  const [range, setRange] = useState(initialRange)
  return <UsageIn query={query} range={range} onRange={setRange} />
}

type InProps = { query: UsageQuery; range: TimeRange; onRange: (range: TimeRange) => void }

/** In a range that other parts of the page share. */
export function UsageIn({ query, range, onRange }: InProps) {
  const usage = useQuery(query(range))
  return (
    <Card
      title="Usage"
      description={
        <>
          {`Requests in ${timeRanges[range].text} by result. ${
            timeRanges[range].granularity === 'day' ? 'Days are in UTC. ' : ''
          }Updated within about 20 seconds. `}
          <AsOf query={usage} />
        </>
      }
      actions={<TimeRangeSelect range={range} onChange={onRange} />}
    >
      <QueryProblem query={usage} />
      {usage.isPending && <ListSkeleton label="Loading usage" rows={3} />}
      {usage.data && (
        <div className={usage.isPlaceholderData ? 'opacity-60' : ''}>
          <UsageData {...usage.data} />
        </div>
      )}
    </Card>
  )
}

function UsageData({ usage, range }: { usage: Usage; range: TimeRange }) {
  if (usage.total === 0) {
    return (
      <p className="py-8 text-center text-base text-kumo-subtle">
        No requests in {timeRanges[range].text}.
      </p>
    )
  }
  return (
    <div className="flex flex-col gap-4">
      <Totals usage={usage} />
      <Boundary fallback={failedPart}>
        <Suspense fallback={<ChartSkeleton />}>
          <UsageChart usage={usage} range={range} />
        </Suspense>
      </Boundary>
      <UsageTable usage={usage} range={range} />
    </div>
  )
}

/** As high as the chart, so that the page does not move when the chart loads. */
function ChartSkeleton() {
  return (
    <div role="status" aria-label="Loading chart">
      <Skeleton className="h-[220px] w-full" />
    </div>
  )
}

function Totals({ usage: { total, counts } }: { usage: Usage }) {
  const denials = verdictCounts(counts).filter(({ code }) => code !== 'valid')
  const valid = counts.valid ?? 0
  return (
    <div className="flex flex-wrap items-start gap-x-8 gap-y-3">
      <dl className="flex gap-x-8">
        <Total name="Requests">{numberText(total)}</Total>
        <Total name="Valid" color={validColor}>
          {numberText(valid)}
        </Total>
        <Total name="Denied">{numberText(total - valid)}</Total>
      </dl>
      {denials.length > 0 && (
        <ul aria-label="Denied by reason" className="flex flex-wrap gap-x-4 gap-y-1 pt-1 text-sm">
          {denials.map(({ code, name, color, count }) => (
            <li key={code} className="flex items-center gap-1.5 text-kumo-subtle">
              <Swatch color={color} />
              {name} <span className="text-kumo-default tabular-nums">{numberText(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Total({ name, color, children }: { name: string; color?: string; children: ReactNode }) {
  return (
    <div>
      <dt className="flex items-center gap-1.5 text-sm text-kumo-subtle">
        {color && <Swatch color={color} />}
        {name}
      </dt>
      <dd className="text-lg font-semibold text-kumo-default tabular-nums">{children}</dd>
    </div>
  )
}

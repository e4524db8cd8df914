// How requests of a key were answered: in sum, by reason, as a chart and as a table.
import { useQuery } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { Bone, ListSkeleton } from '../ui/skeleton.tsx'
import { type Span, spans, type Usage, usageQuery } from './api.ts'
import { SpanSwitch } from './time-range-switch.tsx'
import { UsageTable } from './usage-table.tsx'
import { answersOf, colorOfValid, numberText } from './verdicts.ts'

// The chart is the heaviest part of the dashboard: loaded where there is something to draw.
const UsageChart = lazy(() => import('./usage-chart.tsx'))

export function UsageCard({ id }: { id: string }) {
  const [span, setSpan] = useState<Span>('24 h')
  const usage = useQuery(usageQuery(id, span))
  return (
    <Card
      title="Usage"
      description={`Requests in ${spans[span].words}, by how they were answered. ${
        spans[span].granularity === 'day' ? 'Days are those of UTC. ' : ''
      }Counted within about 20 seconds.`}
      actions={<SpanSwitch span={span} onChoose={setSpan} />}
    >
      {usage.error && <ProblemBanner problem={usage.error} onRetry={() => usage.refetch()} />}
      {usage.isPending && <ListSkeleton label="Loading the usage" rows={3} />}
      {usage.data && (
        <div className={usage.isPlaceholderData ? 'opacity-60' : ''}>
          <Shown usage={usage.data.usage} span={usage.data.span} />
        </div>
      )}
    </Card>
  )
}

function Shown({ usage, span }: { usage: Usage; span: Span }) {
  if (usage.total === 0) {
    return (
      <p className="py-8 text-center text-base text-kumo-subtle">
        No requests in {spans[span].words}.
      </p>
    )
  }
  return (
    <div className="flex flex-col gap-4">
      <Sums usage={usage} />
      <Suspense fallback={<ChartPlace />}>
        <UsageChart usage={usage} span={span} />
      </Suspense>
      <UsageTable usage={usage} span={span} />
    </div>
  )
}

/** As high as the chart, so that nothing moves when it comes. */
function ChartPlace() {
  return (
    <div role="status" aria-label="Loading the chart">
      <Bone className="h-[220px] w-full" />
    </div>
  )
}

function Sums({ usage: { total, counts } }: { usage: Usage }) {
  const answers = answersOf(counts)
  const denied = answers.filter(({ code }) => code !== 'valid')
  const valid = counts.valid ?? 0
  return (
    <div className="flex flex-wrap items-start gap-x-8 gap-y-3">
      <dl className="flex gap-x-8">
        <Sum name="Requests">{numberText(total)}</Sum>
        <Sum name="Valid" color={colorOfValid}>
          {numberText(valid)}
        </Sum>
        <Sum name="Denied">{numberText(total - valid)}</Sum>
      </dl>
      {denied.length > 0 && (
        <ul aria-label="Denied by reason" className="flex flex-wrap gap-x-4 gap-y-1 pt-1 text-sm">
          {denied.map(({ code, name, color, count }) => (
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

function Sum({ name, color, children }: { name: string; color?: string; children: ReactNode }) {
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

/** The colour of an answer in the chart. */
function Swatch({ color }: { color: string }) {
  return (
    <svg viewBox="0 0 10 10" width={10} height={10} aria-hidden="true">
      <rect width="10" height="10" rx="2" fill={color} />
    </svg>
  )
}

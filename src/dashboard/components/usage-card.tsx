// How often a key was checked, by verdict. Loaded only where it is shown: the chart is the heaviest part of all.
import { TimeseriesChart } from '@cloudflare/kumo/components/chart'
import { BarChart } from 'echarts/charts'
import {
  AriaComponent,
  AxisPointerComponent,
  GridComponent,
  TooltipComponent,
} from 'echarts/components'
import * as echarts from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useMemo, useState } from 'react'
import { Card } from './card.tsx'
import { useIsDark } from './theme.ts'
import { notCounted } from './usage.ts'

echarts.use([
  AriaComponent,
  AxisPointerComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  TooltipComponent,
])

const hourMs = 3_600_000
const spans = {
  '24 h': { buckets: 24, bucketMs: hourMs },
  '7 d': { buckets: 7, bucketMs: 24 * hourMs },
  '30 d': { buckets: 30, bucketMs: 24 * hourMs },
}
type Span = keyof typeof spans

const verdicts = [
  { name: 'Valid', color: '#10b981' },
  { name: 'Refused', color: '#ef4444' },
]

export default function UsageCard() {
  const [span, setSpan] = useState<Span>('24 h')
  const isDark = useIsDark()
  const series = useMemo(() => zeros(span), [span])
  return (
    <Card
      title="Usage"
      description={`${notCounted}: the zeros below say nothing about this key.`}
      actions={<SpanSwitch span={span} onChoose={setSpan} />}
    >
      <TimeseriesChart
        echarts={echarts}
        type="bar"
        data={series}
        height={220}
        isDarkMode={isDark}
        yAxisMinInterval={1}
        ariaDescription={`Verifications of the last ${span} by verdict. ${notCounted}, so every value is zero.`}
      />
      <Legend />
    </Card>
  )
}

function Legend() {
  return (
    <ul aria-label="Verdicts" className="mt-2 flex gap-4 text-sm text-kumo-subtle">
      {verdicts.map(({ name, color }) => (
        <li key={name} className="flex items-center gap-1.5">
          <svg viewBox="0 0 10 10" width={10} height={10} aria-hidden="true">
            <rect width="10" height="10" rx="2" fill={color} />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  )
}

function zeros(span: Span) {
  const { buckets, bucketMs } = spans[span]
  const last = Math.floor(Date.now() / bucketMs) * bucketMs
  const times = Array.from(
    { length: buckets },
    (_, index) => last - (buckets - 1 - index) * bucketMs,
  )
  return verdicts.map((verdict) => ({
    ...verdict,
    data: times.map((time): [number, number] => [time, 0]),
  }))
}

function SpanSwitch({ span, onChoose }: { span: Span; onChoose: (span: Span) => void }) {
  return (
    <fieldset className="flex gap-0.5 rounded-md bg-kumo-recessed p-0.5">
      <legend className="sr-only">Time span</legend>
      {(Object.keys(spans) as Span[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === span}
          onClick={() => onChoose(name)}
          className={`rounded px-2.5 py-1 text-sm outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
            name === span
              ? 'bg-kumo-base font-medium text-kumo-default shadow-xs ring ring-kumo-line'
              : 'text-kumo-subtle'
          }`}
        >
          {name}
        </button>
      ))}
    </fieldset>
  )
}

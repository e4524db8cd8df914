// Requests over time, stacked by how they were answered.
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
import { useMemo } from 'react'
import { useIsDark } from '../ui/theme.ts'
import { type Span, spans, type Usage } from './api.ts'
import { answersOf, numberText } from './verdicts.ts'

echarts.use([
  AriaComponent,
  AxisPointerComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  TooltipComponent,
])

export default function UsageChart({ usage, span }: { usage: Usage; span: Span }) {
  const isDark = useIsDark()
  const series = useMemo(() => seriesOf(usage), [usage])
  const told = answersOf(usage.counts).map(({ name, count }) => `${name}: ${numberText(count)}`)
  return (
    <TimeseriesChart
      // A series that is no longer there would stay in the chart, and taking one out under a tooltip throws.
      key={`${span} ${Object.keys(usage.counts).sort()}`}
      echarts={echarts}
      type="bar"
      data={series}
      height={220}
      isDarkMode={isDark}
      yAxisMinInterval={1}
      tooltipValueFormat={numberText}
      ariaDescription={`Requests in ${spans[span].words}. ${told.join(', ')}. The table below has every number.`}
    />
  )
}

function seriesOf({ series, counts, granularity }: Usage) {
  const times = series.map(({ time }) =>
    granularity === 'hour' ? Date.parse(time) : sameDayHere(time),
  )
  return answersOf(counts).map(({ code, name, color }) => ({
    name,
    color,
    data: series.map((step, at): [number, number] => [times[at] ?? 0, step.counts[code] ?? 0]),
  }))
}

/** The chart's axis knows local days only: a day of UTC is drawn as the local one of the same date. */
function sameDayHere(time: string): number {
  const date = new Date(time)
  return new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()).getTime()
}

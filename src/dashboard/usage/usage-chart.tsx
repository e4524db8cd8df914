// Requests over time, stacked by verdict.
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
import { numberText } from '../ui/number-text.ts'
import { useIsDark } from '../ui/theme.ts'
import { type TimeRange, timeRanges, type Usage } from './api.ts'
import { verdictCounts } from './verdicts.ts'

echarts.use([
  AriaComponent,
  AxisPointerComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  TooltipComponent,
])

export default function UsageChart({ usage, range }: { usage: Usage; range: TimeRange }) {
  const isDark = useIsDark()
  const series = useMemo(() => seriesOf(usage), [usage])
  const totals = verdictCounts(usage.counts).map(
    ({ name, count }) => `${name}: ${numberText(count)}`,
  )
  return (
    <TimeseriesChart
      // ECharts keeps a removed series, and removing one under a tooltip throws: remount instead.
      key={`${range} ${Object.keys(usage.counts).sort()}`}
      echarts={echarts}
      type="bar"
      data={series}
      height={220}
      isDarkMode={isDark}
      yAxisMinInterval={1}
      tooltipValueFormat={numberText}
      ariaDescription={`Requests in ${timeRanges[range].text}. ${totals.join(', ')}. The table below lists all values.`}
    />
  )
}

function seriesOf({ series, counts, granularity }: Usage) {
  const times = series.map(({ time }) =>
    granularity === 'hour' ? Date.parse(time) : localDay(time),
  )
  return verdictCounts(counts).map(({ code, name, color }) => ({
    name,
    color,
    data: series.map((step, at): [number, number] => [times[at] ?? 0, step.counts[code] ?? 0]),
  }))
}

/** The chart's axis uses local time: a UTC day is drawn as the local day of the same date. */
function localDay(time: string): number {
  const date = new Date(time)
  return new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()).getTime()
}

// The chart of a soak: answers, latency and memory over time.
import { legend, lineSeries, neutral, panelTitles, renderChart, valueAxis } from '../charts.ts'
import { type Bucket, type Outcome, outcomes } from './time-series.ts'

const colors: Record<Outcome, string> = {
  passed: '#2a9d6e',
  refused: '#2f6fed',
  '503': '#d9822b',
  other: '#d6457f',
}

const panels = [60, 290, 520].map((top) => ({ left: 70, top, width: 830, height: 150 }))

export function drawChart(buckets: readonly Bucket[], title: string): string {
  const end = (buckets.at(-1)?.atSeconds ?? 60) / 60
  const curve = (of: (bucket: Bucket) => number | null) =>
    buckets.map((bucket) => [bucket.atSeconds / 60, of(bucket)] as const)
  const restarts = buckets.filter(({ marks }) => marks.includes('restart'))
  return renderChart(
    title,
    { width: 940, height: 740 },
    {
      grid: panels,
      title: [
        ...panelTitles(panels, [
          `${title}: verifications in each interval, by answer`,
          'Latency of verification, p50 and p99, ms',
          'Resident memory of workerd, MB (dashed: killed and restarted)',
        ]),
        {
          text: 'passed: 200; refused: 401 or 429; 503: a store did not answer; other: no answer while workerd restarted',
          left: 65,
          top: 715,
          textStyle: { color: neutral.faint, fontSize: 12, fontWeight: 'normal' },
        },
      ],
      xAxis: panels.map((_, panel) => valueAxis(panel, { name: 'minutes', min: 0, max: end })),
      yAxis: [
        valueAxis(0, { min: 0 }),
        valueAxis(1, { log: true, min: 0.5, max: 5_000, ticks: [1, 10, 100, 1_000] }),
        valueAxis(2, { min: 0 }),
      ],
      legend: { ...legend(outcomes, { left: 65, top: 4 }), orient: 'horizontal', itemGap: 24 },
      series: [
        ...outcomes.map((outcome) =>
          lineSeries(
            outcome,
            colors[outcome],
            curve(({ verified }) => verified[outcome]),
            { width: 1.5 },
          ),
        ),
        // A logarithmic axis has no zero.
        lineSeries(
          'p50',
          '#2a9d6e',
          curve(({ p50Ms }) => p50Ms || null),
          { panel: 1, width: 1.5 },
        ),
        lineSeries(
          'p99',
          '#9b5de5',
          curve(({ p99Ms }) => p99Ms || null),
          { panel: 1, width: 1.5 },
        ),
        {
          ...lineSeries(
            'memory',
            '#2f6fed',
            curve(({ residentMb }) => residentMb),
            { panel: 2, width: 1.5 },
          ),
          connectNulls: true,
          markLine: {
            symbol: 'none',
            silent: true,
            label: { show: false },
            lineStyle: { color: neutral.axis, width: 1, type: [3, 3] },
            data: restarts.map(({ atSeconds }) => ({ xAxis: atSeconds / 60 })),
          },
        },
      ],
    },
  )
}

// Line charts of docs/world.md: latency and cost by request rate, and staleness.
import { legend, lineSeries, panelTitles, renderChart, valueAxis } from '../../charts.ts'
import { requestRates } from '../inputs.ts'
import type { DesignResult } from '../results.ts'
import { quantile, shareAbove } from '../sample.ts'
import { colorOf, isBefore } from './colors.ts'

const twoPanels = [
  { left: 60, top: 60, width: 360, height: 280 },
  { left: 490, top: 60, width: 360, height: 280 },
]
const namesOf = (results: readonly DesignResult[]) => results.map(({ design }) => design.name)
const rates = requestRates.map(({ perSecond }) => perSecond)
const rateAxis = (panel: number) =>
  valueAxis(panel, {
    name: 'requests per second of one key in one colo',
    log: true,
    min: Math.min(...rates),
    max: Math.max(...rates),
    ticks: rates.toReversed(),
    label: String,
  })

export function latencyChart(results: readonly DesignResult[]): string {
  const shares = [0.5, 0.99]
  const latencyAxis = (panel: number) =>
    valueAxis(panel, {
      log: true,
      min: 0.1,
      max: 600,
      ticks: [0.1, 1, 10, 100],
      label: (ms) => `${ms} ms`,
    })
  return renderChart(
    'Latency of verification by request rate',
    { width: 880, height: 540 },
    {
      grid: twoPanels,
      title: panelTitles(twoPanels, ['A model: verification by the heat of the key, p50', 'p99']),
      xAxis: twoPanels.map((_, panel) => rateAxis(panel)),
      yAxis: twoPanels.map((_, panel) => latencyAxis(panel)),
      legend: legend(namesOf(results), { left: 55, top: 395 }),
      series: shares.flatMap((share, panel) =>
        results.map((result) =>
          lineSeries(
            result.design.name,
            colorOf(result.design.id),
            result.atRates.map(
              ({ perSecond, verifying }) =>
                [perSecond, quantile(verifying.latency, share)] as const,
            ),
            { panel, dashed: isBefore(result) },
          ),
        ),
      ),
    },
  )
}

export function costChart(results: readonly DesignResult[]): string {
  const priced = results.filter(({ design }) => design.hasListPrice)
  const panel = { left: 60, top: 60, width: 560, height: 280 }
  return renderChart(
    'Cost by request rate',
    { width: 680, height: 510 },
    {
      grid: panel,
      title: panelTitles([panel], ['A model: dollars per million verifications, at list prices']),
      xAxis: rateAxis(0),
      yAxis: valueAxis(0, { min: 0, max: 1, label: (dollars) => `$${dollars.toFixed(1)}` }),
      legend: legend(namesOf(priced), { left: 55, top: 395 }),
      series: priced.map((result) =>
        lineSeries(
          result.design.name,
          colorOf(result.design.id),
          result.atRates.map(({ perSecond, verifying }) => [perSecond, verifying.dollars] as const),
          { dashed: isBefore(result) },
        ),
      ),
    },
  )
}

export function stalenessChart(results: readonly DesignResult[]): string {
  const titles = ['One request per second in each colo', 'One request per 100 s in each colo']
  const seconds = Array.from({ length: 120 }, (_, at) => 0.1 * 1_728_000 ** (at / 119))
  const timeAxis = (panel: number) =>
    valueAxis(panel, {
      name: 'time after the 200',
      log: true,
      min: 0.1,
      max: 172_800,
      ticks: [1, 10, 60, 600, 3_600, 86_400],
      label: timeLabel,
    })
  const shareAxis = (panel: number) =>
    valueAxis(panel, { min: 0, max: 1, label: (share) => `${Math.round(share * 100)} %` })
  return renderChart(
    'How long a revoked key still passes',
    { width: 880, height: 520 },
    {
      grid: twoPanels,
      title: [
        {
          text: 'A model: revocations after which the key passed at least once more, later than …',
          left: 55,
          top: 2,
          textStyle: { color: 'var(--text)', fontSize: 13, fontWeight: 600 },
        },
        ...panelTitles(twoPanels, titles),
      ],
      xAxis: twoPanels.map((_, panel) => timeAxis(panel)),
      yAxis: twoPanels.map((_, panel) => shareAxis(panel)),
      legend: legend(namesOf(results), { left: 55, top: 395 }),
      series: [1, 0.01].flatMap((rate, panel) =>
        results.map(({ design, atRates }) => {
          const window = atRates.find(({ perSecond }) => perSecond === rate)?.revoking.window
          const share = (after: number) =>
            window === undefined ? 0 : shareAbove(window, after * 1000)
          const points = seconds.map((after) => [after, share(after)] as const)
          const width = design.id === 'latchkey' ? 4 : 2
          return lineSeries(design.name, colorOf(design.id), points, { panel, width })
        }),
      ),
    },
  )
}

function timeLabel(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  return seconds < 3_600 ? `${seconds / 60} min` : `${seconds / 3_600} h`
}

// Charts by city: a map of the fences that cities use, and the latency of each city.
import type { CustomSeriesOption } from 'echarts'
import { legend, neutral, panelTitles, renderChart, valueAxis } from '../../charts.ts'
import type { Inputs } from '../inputs.ts'
import { weightOf } from '../measure.ts'
import { hostPlace, hostsOf, type Place } from '../places.ts'
import type { CityResult } from '../results.ts'
import { colorOf } from './colors.ts'

/** Latency classes of the map: below the limit (ms) a city has this colour. */
const classes = [
  { below: 25, color: '#23c37e' },
  { below: 50, color: '#8bc34a' },
  { below: 100, color: '#d9a02b' },
  { below: Number.POSITIVE_INFINITY, color: '#c33a23' },
]

/** Cities, the possible hosts of their fences, and the latency of a verification that calls its fence. */
export function mapChart(inputs: Inputs, results: readonly CityResult[]): string {
  const at = ({ east, north }: Place) => [east, north]
  const maxWeight = Math.max(...results.map(({ city }) => weightOf(inputs, city)))
  const sizeOf = ({ city }: CityResult) => 6 + 18 * Math.sqrt(weightOf(inputs, city) / maxWeight)
  const hosts = [...new Set(Object.values(hostsOf).flat())]
  const names = classes.map(({ below }, nth) => {
    const from = classes[nth - 1]?.below
    return from === undefined
      ? `below ${below} ms`
      : below === Infinity
        ? `${from} ms and more`
        : `${from} to ${below} ms`
  })
  const panel = { left: 10, top: 40, width: 980, height: 430 }
  return renderChart(
    'Cities and the fences they use',
    { width: 1000, height: 500 },
    {
      grid: panel,
      title: panelTitles(
        [panel],
        [
          'A model: median of a verification that calls its fence, by city. Rings: cities that host fences.',
        ],
      ),
      xAxis: { show: false, min: -180, max: 180 },
      yAxis: { show: false, min: -50, max: 75 },
      legend: {
        data: names,
        bottom: 2,
        left: 10,
        icon: 'circle',
        itemGap: 30,
        textStyle: { color: neutral.text },
      },
      series: [
        {
          type: 'scatter',
          data: hosts.map((host) => at(hostPlace(host))),
          symbol: 'emptyCircle',
          symbolSize: 8,
          silent: true,
          itemStyle: { color: neutral.axis, opacity: 1 },
        },
        {
          type: 'lines',
          coordinateSystem: 'cartesian2d',
          silent: true,
          lineStyle: { color: neutral.axis, width: 0.6, opacity: 0.5 },
          data: results.flatMap(({ city, region }) =>
            hostsOf[region].map((host) => ({ coords: [at(city), at(hostPlace(host))] })),
          ),
        },
        ...classes.map(({ below, color }, nth) => ({
          type: 'scatter' as const,
          name: names[nth] as string,
          color,
          silent: true,
          itemStyle: { opacity: 1 },
          data: results
            .filter(({ fence }) => fence.p50 < below && fence.p50 >= (classes[nth - 1]?.below ?? 0))
            .map((result) => ({ value: at(result.city), symbolSize: sizeOf(result) })),
        })),
      ],
    },
  )
}

const kinds = [
  { of: 'fence', name: 'view over: the fence', color: colorOf('latchkey') },
  { of: 'firstOfColo', name: 'first use in a colo: KV', color: colorOf('kv') },
  { of: 'd1', name: 'for comparison: a read of D1', color: colorOf('d1') },
] as const

/** For each city a dot at p50 and a line to p99. */
export function citiesChart(results: readonly CityResult[]): string {
  const sorted = results.toSorted((one, other) => one.fence.p50 - other.fence.p50)
  const panel = { left: 150, top: 60, width: 710, height: sorted.length * 15 }
  const bottom = panel.top + panel.height
  return renderChart(
    'Verification by city',
    { width: 900, height: bottom + 120 },
    {
      grid: panel,
      title: panelTitles([panel], ['A model: verification by city, p50 (dot) to p99']),
      xAxis: valueAxis(0, {
        name: 'ms',
        log: true,
        min: 5,
        max: 1_000,
        ticks: [5, 10, 20, 50, 100, 200, 500, 1_000],
        label: String,
      }),
      yAxis: {
        type: 'category',
        inverse: true,
        data: sorted.map(({ city }) => city.name),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { color: neutral.text, interval: 0 },
      },
      legend: legend(
        kinds.map(({ name }) => name),
        { left: 145, top: bottom + 50 },
      ),
      series: kinds.map(
        ({ of, name, color }, nth): CustomSeriesOption => ({
          type: 'custom',
          name,
          color,
          silent: true,
          data: sorted.map((result, row) => [result[of].p50, row, result[of].p99]),
          renderItem(_, api) {
            const [x = 0, y = 0] = api.coord([api.value(0), api.value(1)])
            const [end = 0] = api.coord([api.value(2), api.value(1)])
            const level = y + (nth - 1) * 3.5
            return {
              type: 'group',
              children: [
                {
                  type: 'line',
                  shape: { x1: x, y1: level, x2: end, y2: level },
                  style: { stroke: color, lineWidth: 1.5 },
                },
                { type: 'circle', shape: { cx: x, cy: level, r: 2.5 }, style: { fill: color } },
              ],
            }
          },
        }),
      ),
    },
  )
}

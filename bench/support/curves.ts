// Line charts with two logarithmic axes.
import {
  legend,
  lineSeries,
  palette,
  panelTitles,
  renderChart,
  valueAxis,
} from '../../research/charts.ts'

type Curves = {
  title: string
  x: string
  unit: string
  lines: { name: string; points: (readonly [number, number])[] }[]
}

export function curves({ title, x, unit, lines }: Curves): string {
  const points = lines.flatMap((line) => line.points)
  const [xs, ys] = [points.map(([at]) => at), points.map(([, value]) => value)]
  const panel = { left: 70, top: 40, width: 670, height: 290 }
  const size = { width: 770, height: 395 + lines.length * 20 }
  return renderChart(title, size, {
    grid: panel,
    title: panelTitles([panel], [title]),
    xAxis: valueAxis(0, {
      name: x,
      log: true,
      min: Math.min(...xs),
      max: Math.max(...xs),
      label: (value) => value.toLocaleString('en-US'),
    }),
    yAxis: valueAxis(0, {
      log: true,
      min: decade(Math.min(...ys), Math.floor),
      max: decade(Math.max(...ys), Math.ceil),
      label: (value) => `${value} ${unit}`,
    }),
    legend: legend(
      lines.map(({ name }) => name),
      { left: 65, top: 385 },
    ),
    series: lines.map((line, at) =>
      lineSeries(line.name, palette[at % palette.length] as string, line.points, { symbolSize: 6 }),
    ),
  })
}

function decade(value: number, round: (exponent: number) => number): number {
  return 10 ** round(Math.log10(Math.max(value, 1e-6)))
}

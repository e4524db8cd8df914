// Line charts with two logarithmic axes and a legend below.
import {
  axes,
  dot,
  legend,
  line,
  logarithmic,
  type Point,
  picture,
} from '../../research/world/svg.ts'

type Curves = {
  title: string
  x: string
  unit: string
  lines: { name: string; points: Point[] }[]
}

const palette = [
  '#2f6fed',
  '#d9822b',
  '#2a9d6e',
  '#d6457f',
  '#9b5de5',
  '#7b8794',
  '#b5892e',
  '#3aa6b9',
  '#c0392b',
]

export function curves({ title, x, unit, lines }: Curves): string {
  const all = lines.flatMap(({ points }) => points)
  const [left, top, right, bottom] = [70, 40, 740, 330]
  const xs = all.map(([at]) => at)
  const ys = all.map(([, value]) => value)
  const panel = {
    ...{ left, top, right, bottom },
    x: logarithmic([Math.min(...xs), Math.max(...xs)], [left, right]),
    y: logarithmic(
      [decade(Math.min(...ys), Math.floor), decade(Math.max(...ys), Math.ceil)],
      [bottom, top],
    ),
  }
  const drawn = lines.flatMap(({ points }, at) => {
    const color = palette[at % palette.length] as string
    const placed = points.map(([px, py]): Point => [panel.x(px), panel.y(py)])
    return [line(placed, color), ...placed.map((place) => dot(place, 3, color))]
  })
  const names = lines.map(({ name }, at) => ({
    name,
    color: palette[at % palette.length] as string,
  }))
  return picture(770, bottom + 65 + names.length * 18, title, [
    ...axes(panel, {
      title,
      x,
      xTick: (value) => value.toLocaleString('en-US'),
      yTick: (value) => `${value} ${unit}`,
    }),
    ...drawn,
    ...legend([left, bottom + 60], names),
  ])
}

function decade(value: number, round: (exponent: number) => number): number {
  return 10 ** round(Math.log10(Math.max(value, 1e-6)))
}

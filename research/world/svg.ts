// Plain SVG that reads in light and in dark: text, lines, marks, axes, and the panels they stand in.

export type Point = readonly [number, number]

export const colors: Record<string, string> = {
  latchkey: '#2f6fed',
  ahead: '#7aa5f7',
  kv: '#d9822b',
  d1: '#7b8794',
  'd1-replicas': '#9b5de5',
  'swr-edge': '#2a9d6e',
  'swr-servers': '#d6457f',
}

const style = `text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:13px}
.faint{fill:#777}.grid{stroke:#8883;stroke-width:1}.axis{stroke:#888;stroke-width:1}.back{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#ddd}.faint{fill:#999}.back{fill:#0d1117}}`

export function picture(width: number, height: number, title: string, parts: string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`
  const back = `<rect class="back" width="${width}" height="${height}"/>`
  return `${open}<style>${style}</style>${back}${parts.join('\n')}</svg>\n`
}

type Anchor = 'start' | 'middle' | 'end'

export function text(
  at: Point,
  words: string,
  options: { anchor?: Anchor; kind?: string; color?: string } = {},
): string {
  const { anchor = 'start', kind = '', color } = options
  const fill = color === undefined ? '' : ` style="fill:${color}"`
  return `<text x="${short(at[0])}" y="${short(at[1])}" text-anchor="${anchor}" class="${kind}"${fill}>${escaped(words)}</text>`
}

export function line(
  points: readonly Point[],
  color: string,
  options: { width?: number; dash?: string } = {},
): string {
  const { width = 2, dash } = options
  const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`
  const path = points.map(([x, y]) => `${short(x)},${short(y)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="${width}"${dashes} stroke-linejoin="round"/>`
}

export function dot(
  at: Point,
  radius: number,
  color: string,
  options: { hollow?: boolean } = {},
): string {
  const paint = options.hollow
    ? `fill="none" stroke="${color}" stroke-width="1.5"`
    : `fill="${color}"`
  return `<circle cx="${short(at[0])}" cy="${short(at[1])}" r="${short(radius)}" ${paint}/>`
}

export function bar(from: Point, to: Point, color: string, opacity = 1): string {
  const [x, y] = [Math.min(from[0], to[0]), Math.min(from[1], to[1])]
  const [width, height] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])]
  return `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" fill="${color}" opacity="${opacity}"/>`
}

export type Scale = { (value: number): number; ticks: readonly number[] }

/** From a range of values (both above 0) to a range of pixels, by logarithm; ticks are decades. */
export function logarithmic(values: Point, pixels: Point): Scale {
  const [low, high] = [Math.log10(values[0]), Math.log10(values[1])]
  const scale = (value: number) => {
    const share = (Math.log10(Math.max(value, values[0])) - low) / (high - low)
    return pixels[0] + Math.min(1, share) * (pixels[1] - pixels[0])
  }
  const decades = Array.from(
    { length: Math.floor(high) - Math.ceil(low) + 1 },
    (_, at) => 10 ** (Math.ceil(low) + at),
  )
  return Object.assign(scale, { ticks: decades })
}

export function linear(values: Point, pixels: Point, ticks: readonly number[]): Scale {
  const scale = (value: number) =>
    pixels[0] + ((value - values[0]) / (values[1] - values[0])) * (pixels[1] - pixels[0])
  return Object.assign(scale, { ticks })
}

export type Panel = { left: number; top: number; right: number; bottom: number; x: Scale; y: Scale }

/** Grid, tick labels and names of a panel’s axes. */
export function axes(
  { left, top, right, bottom, x, y }: Panel,
  names: {
    title: string
    x: string
    xTick?: (value: number) => string
    yTick?: (value: number) => string
  },
): string[] {
  const { xTick = String, yTick = String } = names
  const straight = (from: Point, to: Point, kind: string) =>
    `<line x1="${short(from[0])}" y1="${short(from[1])}" x2="${short(to[0])}" y2="${short(to[1])}" class="${kind}"/>`
  return [
    text([left, top - 12], names.title, { kind: 'title' }),
    ...y.ticks.flatMap((value) => [
      straight([left, y(value)], [right, y(value)], 'grid'),
      text([left - 6, y(value) + 4], yTick(value), { anchor: 'end', kind: 'faint' }),
    ]),
    ...x.ticks.flatMap((value) => [
      straight([x(value), top], [x(value), bottom], 'grid'),
      text([x(value), bottom + 16], xTick(value), { anchor: 'middle', kind: 'faint' }),
    ]),
    straight([left, bottom], [right, bottom], 'axis'),
    text([(left + right) / 2, bottom + 34], names.x, { anchor: 'middle', kind: 'faint' }),
  ]
}

/** Names beside their colours, one below the other. */
export function legend(at: Point, entries: readonly { name: string; color: string }[]): string[] {
  return entries.flatMap(({ name, color }, row) => [
    line(
      [
        [at[0], at[1] + row * 18],
        [at[0] + 18, at[1] + row * 18],
      ],
      color,
      { width: 3 },
    ),
    text([at[0] + 24, at[1] + row * 18 + 4], name),
  ])
}

const short = (value: number) => Number(value.toFixed(1))

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

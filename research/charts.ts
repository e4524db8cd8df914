// Charts as SVG files, rendered by ECharts without a browser. They follow the reader's light or dark theme,
// because every neutral colour is a CSS variable.
import * as echarts from 'echarts'

export type ChartOption = echarts.EChartsOption

/** Neutral colours; a series has a colour that reads on both backgrounds. */
export const neutral = {
  text: 'var(--text)',
  faint: 'var(--faint)',
  axis: 'var(--axis)',
  grid: 'var(--grid)',
  background: 'var(--background)',
} as const

const style = `svg{--text:#333;--faint:#777;--axis:#888;--grid:#8883;--background:#fff}
@media(prefers-color-scheme:dark){svg{--text:#ddd;--faint:#999;--background:#0d1117}}`

export const palette = [
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

export type Size = { width: number; height: number }

/** @param title the accessible name of the picture. */
export function renderChart(title: string, size: Size, option: ChartOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size })
  chart.setOption({
    animation: false,
    backgroundColor: neutral.background,
    textStyle: { fontFamily: 'system-ui,sans-serif', color: neutral.text },
    ...option,
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  const name = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  return `${withoutInteraction(svg)
    .replace('<svg ', `<svg role="img" aria-label="${name}" `)
    .replace('>', `><style>${style}</style>`)}\n`
}

/** Attributes and rules that only an interactive chart needs. */
function withoutInteraction(svg: string): string {
  return svg
    .replaceAll(/ (?:class="zr[\w-]*"|pointer-events="visible"|ecmeta_\w+="[^"]*")/g, '')
    .replaceAll(/<style\s*>[\s\S]*?<\/style>\n?/g, '')
}

export type Panel = { left: number; top: number; width: number; height: number }
export type AxisOptions = {
  name?: string
  log?: boolean
  min?: number
  max?: number
  /** Values with a label and a grid line. */
  ticks?: readonly number[]
  label?: (value: number) => string
}

/** A value axis of the panel with this index. */
export function valueAxis(gridIndex: number, options: AxisOptions) {
  const { name, log = false, min, max, ticks, label } = options
  const custom = ticks === undefined ? {} : { customValues: [...ticks] }
  return {
    type: log ? ('log' as const) : ('value' as const),
    gridIndex,
    ...(name !== undefined && { name }),
    nameLocation: 'middle' as const,
    nameGap: 28,
    nameTextStyle: { color: neutral.faint },
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    axisLine: { show: true, lineStyle: { color: neutral.axis } },
    axisTick: { show: false, ...custom },
    axisLabel: { color: neutral.faint, ...custom, ...(label && { formatter: label }) },
    splitLine: { show: true, lineStyle: { color: neutral.grid } },
  }
}

/** A title above each panel. */
export function panelTitles(panels: readonly Panel[], titles: readonly string[]) {
  return panels.map(({ left, top }, at) => ({
    text: titles[at] ?? '',
    left: left - 5,
    top: top - 32,
    textStyle: { color: neutral.text, fontSize: 13, fontWeight: 600 as const },
  }))
}

export function legend(data: readonly string[], place: { left: number; top: number }) {
  return {
    data: [...data],
    ...place,
    orient: 'vertical' as const,
    itemGap: 6,
    itemWidth: 18,
    icon: 'path://M0 0h18v3h-18z',
    itemHeight: 3,
    textStyle: { color: neutral.text },
  }
}

/** A line through points, without symbols by default. */
export function lineSeries(
  name: string,
  color: string,
  data: readonly (readonly [number, number | null])[],
  options: { panel?: number; width?: number; dashed?: boolean; symbolSize?: number } = {},
) {
  const { panel = 0, width = 2, dashed = false, symbolSize } = options
  return {
    type: 'line' as const,
    name,
    data: data.map((point) => [...point]),
    xAxisIndex: panel,
    yAxisIndex: panel,
    silent: true,
    color,
    lineStyle: { width, color, type: dashed ? ([5, 4] as number[]) : ('solid' as const) },
    symbol: symbolSize === undefined ? 'none' : 'circle',
    ...(symbolSize !== undefined && { symbolSize }),
  }
}

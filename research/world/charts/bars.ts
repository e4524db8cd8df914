// Bar charts of docs/world.md: the latency of a revocation, and the sensitivity to each input.
import type { BarSeriesOption, CustomSeriesOption } from 'echarts'
import { legend, neutral, type Panel, panelTitles, renderChart, valueAxis } from '../../charts.ts'
import type { DesignResult, Results } from '../results.ts'
import { emptySample, quantile } from '../sample.ts'
import { type OutcomeId, outcomes, type Swing } from '../sensitivity.ts'
import { colorOf } from './colors.ts'

const categoryAxis = (gridIndex: number, data: string[]) => ({
  type: 'category' as const,
  gridIndex,
  inverse: true,
  data,
  axisTick: { show: false },
  axisLine: { show: false },
  axisLabel: { color: neutral.text, interval: 0 },
})

const stageNames = [
  ['commit', 'sign-in, read and commit in D1', '#2f6fed'],
  ['purge', 'purge of KV', '#d9822b'],
  ['raise', 'read and raise the fences', '#9b5de5'],
  ['wait', 'wait: lease and margin', '#7b8794'],
  ['close', 'delete the raises in D1', '#2a9d6e'],
] as const

export function revocationChart({ designs, stages }: Results): string {
  const shown = designs
  const panels = [
    { left: 220, top: 50, width: 640, height: shown.length * 34 },
    { left: 220, top: 110 + shown.length * 34, width: 640, height: 34 * stages.length },
  ]
  const legendTop = (panels[1] as Panel).top + 34 * stages.length + 20
  const stageLabel = ([id, name]: (typeof stageNames)[number]) => {
    const times = stages.map((result) => Math.round(result.stages[id]))
    return `${name}: ${times.join(', now ')} ms`
  }
  return renderChart(
    'Latency of a revocation',
    { width: 900, height: legendTop + 100 },
    {
      grid: panels,
      title: panelTitles(panels, [
        'A model: from the request to revoke until its 200, p50 (bar) and p99 (line)',
        'The stages of a revocation, before and now (medians)',
      ]),
      xAxis: panels.map((_, panel) => ({
        ...valueAxis(panel, {
          min: 0,
          max: 5_000,
          label: (ms) => (ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`),
        }),
        ...(panel === 1 && { show: false }),
      })),
      yAxis: [
        categoryAxis(
          0,
          shown.map(({ design }) => design.name),
        ),
        categoryAxis(
          1,
          stages.map(({ design }) => design.name),
        ),
      ],
      legend: {
        ...legend(stageNames.map(stageLabel), { left: 215, top: legendTop }),
        icon: 'rect',
        itemHeight: 8,
      },
      series: [
        ...latencySeries(shown),
        ...stageNames.map(
          (stage): BarSeriesOption => ({
            type: 'bar',
            name: stageLabel(stage),
            stack: 'stages',
            xAxisIndex: 1,
            yAxisIndex: 1,
            silent: true,
            color: stage[2],
            barWidth: 24,
            data: stages.map((result) => result.stages[stage[0]]),
          }),
        ),
      ],
    },
  )
}

function latencySeries(results: readonly DesignResult[]): [BarSeriesOption, CustomSeriesOption] {
  const rows = results.map(({ design, atRates }) => {
    const answer = atRates[0]?.revoking.answer ?? emptySample()
    return { p50: quantile(answer, 0.5), p99: quantile(answer, 0.99), color: colorOf(design.id) }
  })
  return [
    {
      type: 'bar',
      silent: true,
      barWidth: 18,
      data: rows.map(({ p50, color }) => ({ value: p50, itemStyle: { color } })),
    },
    {
      type: 'custom',
      silent: true,
      data: rows.map(({ p50, p99 }, row) => [p50, row, p99]),
      renderItem({ dataIndex }, api) {
        const [x1 = 0, y = 0] = api.coord([api.value(0), api.value(1)])
        const [x2 = 0] = api.coord([api.value(2), api.value(1)])
        const { p50, p99, color } = rows[dataIndex] as (typeof rows)[number]
        return {
          type: 'group',
          children: [
            {
              type: 'line',
              shape: { x1, y1: y, x2, y2: y },
              style: { stroke: color, lineWidth: 1.5 },
            },
            {
              type: 'text',
              x: x2 + 6,
              y,
              style: {
                text: `${Math.round(p50)} / ${Math.round(p99)} ms`,
                fill: neutral.faint,
                font: '12px system-ui,sans-serif',
                verticalAlign: 'middle',
              },
            },
          ],
        }
      },
    },
  ]
}

type Outcomes = Record<OutcomeId, number>

/** The eight most influential inputs of each outcome. */
export function sensitivityChart(base: Outcomes, swings: readonly Swing[]): string {
  const shown = outcomes.filter(({ id }) => id !== 'stale' && id !== 'questions')
  const panels = shown.map((_, nth) => ({
    left: 150 + (nth % 2) * 480,
    top: 80 + Math.floor(nth / 2) * 290,
    width: 290,
    height: 210,
  }))
  const show = (id: OutcomeId, value: number) =>
    id === 'dollars' ? value.toFixed(2) : String(Math.round(value))
  const parts = shown.map(({ id }) => {
    const size = ({ low, high }: Swing) => Math.abs(high[id] - low[id])
    return swings.toSorted((one, other) => size(other) - size(one)).slice(0, 8)
  })
  return renderChart(
    'Sensitivity to each input',
    { width: 980, height: 640 },
    {
      grid: panels,
      title: [
        {
          text: 'A model: results of Latchkey with one input at its low (blue) or its high (red)',
          left: 45,
          top: 8,
          textStyle: { color: neutral.text, fontSize: 13, fontWeight: 600 },
        },
        ...panelTitles(
          panels,
          shown.map(({ id, name }) => `${name}: ${show(id, base[id])}`),
        ),
      ],
      xAxis: panels.map((_, gridIndex) => ({
        type: 'value' as const,
        gridIndex,
        show: false,
        // Room for the labels at both ends.
        boundaryGap: ['20%', '12%'] as [string, string],
      })),
      yAxis: parts.map((part, panel) => ({
        ...categoryAxis(
          panel,
          part.map(({ input }) => input),
        ),
      })),
      series: shown.flatMap(({ id }, panel) =>
        (['low', 'high'] as const).map(
          (side): BarSeriesOption => ({
            type: 'bar',
            xAxisIndex: panel,
            yAxisIndex: panel,
            silent: true,
            color: side === 'low' ? '#7aa5f7' : '#e07a5f',
            barWidth: 16,
            barGap: '-100%',
            data: (parts[panel] as Swing[]).map((swing) => ({
              value: swing[side][id] - base[id],
              label: {
                show: true,
                position:
                  swing[side][id] < swing[side === 'low' ? 'high' : 'low'][id] ? 'left' : 'right',
                formatter: show(id, swing[side][id]),
                color: neutral.faint,
              },
            })),
            ...(side === 'low' && {
              markLine: {
                symbol: 'none',
                silent: true,
                label: { show: false },
                lineStyle: { color: neutral.axis, width: 1, type: 'solid' },
                data: [{ xAxis: 0 }],
              },
            }),
          }),
        ),
      ),
    },
  )
}

// The plots of docs/world.md.
import { designs as compared } from './designs.ts'
import { type Inputs, inputsWith, requestRates } from './inputs.ts'
import { weightOf } from './measure.ts'
import { cities, hostPlace, hostsOf, type Place } from './places.ts'
import type { CityResult, DesignResult, Results } from './results.ts'
import { quantile, shareAbove } from './sample.ts'
import { type OutcomeId, outcomes, type Swing } from './sensitivity.ts'
import {
  axes,
  bar,
  colors,
  dot,
  legend,
  line,
  linear,
  logarithmic,
  type Point,
  picture,
  type Scale,
  text,
} from './svg.ts'

const colorOf = (id: string) => colors[id] ?? '#888'
const asMs = (ms: number) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`)
const entriesOf = (results: readonly DesignResult[]) =>
  results.map(({ design }) => ({ name: design.name, color: colorOf(design.id) }))

/** Cities, the fences that they ask, and where no object can stand. */
export function mapPlot(inputs: Inputs, results: readonly CityResult[]): string {
  const [left, top, width, height] = [0, 10, 1000, 440]
  const at = ({ north, east }: Place): Point => [
    left + ((east + 180) / 360) * width,
    top + ((75 - north) / 125) * height,
  ]
  const tone = logarithmic([20, 200], [0, 1])
  const heat = (ms: number) => `hsl(${Math.round(150 - 150 * Math.max(0, tone(ms)))} 70% 45%)`
  const most = Math.max(...cities.map((city) => weightOf(inputs, city)))
  const lines = results.flatMap(({ city, region }) =>
    hostsOf[region].map((host) => line([at(city), at(hostPlace(host))], '#8887', { width: 0.6 })),
  )
  const marks = results.map(({ city, fence }) =>
    dot(at(city), 3 + 9 * Math.sqrt(weightOf(inputs, city) / most), heat(fence.p50)),
  )
  const placed = new Set(Object.values(hostsOf).flat())
  const hosts = [...placed].map((host) =>
    dot(at(hostPlace(host)), 4, 'currentColor', { hollow: true }),
  )
  const key = [20, 50, 100, 200].flatMap((ms, row) => [
    dot([30 + row * 90, 462], 6, heat(ms)),
    text([42 + row * 90, 466], `${ms} ms`),
  ])
  return picture(1000, 485, 'Cities and the fences they ask', [
    text(
      [20, 24],
      'A model: median of a verification that asks its fence, by city. Rings: cities that hold fences.',
      { kind: 'title' },
    ),
    `<g style="color:#888">${hosts.join('')}</g>`,
    ...lines,
    ...marks,
    ...key,
  ])
}

const rateTicks = requestRates.map(({ perSecond }) => perSecond).toReversed()
const latencyTicks = [0.1, 1, 10, 100]

export function latencyPlot(results: readonly DesignResult[]): string {
  const panel = (left: number, share: number, title: string) => {
    const [top, right, bottom] = [60, left + 360, 340]
    const x = Object.assign(logarithmic([0.001, 100], [left, right]), { ticks: rateTicks })
    const y = Object.assign(logarithmic([0.1, 600], [bottom, top]), { ticks: latencyTicks })
    const drawn = results.map(({ design, atRates }) =>
      line(
        atRates.map(
          ({ perSecond, verifying }): Point => [
            x(perSecond),
            y(quantile(verifying.latency, share)),
          ],
        ),
        colorOf(design.id),
        design.id === 'ahead' ? { dash: '5 4' } : {},
      ),
    )
    const names = { title, x: 'requests a second a key a colo', yTick: asMs }
    return [...axes({ left, top, right, bottom, x, y }, names), ...drawn]
  }
  return picture(880, 540, 'Latency of verification by heat of the key', [
    ...panel(60, 0.5, 'A model: verification, p50'),
    ...panel(490, 0.99, 'p99'),
    ...legend([60, 405], entriesOf(results)),
  ])
}

export function citiesPlot(results: readonly CityResult[]): string {
  const sorted = results.toSorted((one, other) => one.fence.p50 - other.fence.p50)
  const [left, right, top, step] = [150, 860, 70, 15]
  const bottom = top + sorted.length * step
  const x = Object.assign(logarithmic([5, 1000], [left, right]), {
    ticks: [5, 10, 20, 50, 100, 200, 500, 1000],
  })
  const y = linear([0, 1], [top, bottom], [])
  const kinds = [
    { of: 'fence', name: 'lease over: the fence', color: colorOf('latchkey') },
    { of: 'firstOfColo', name: 'a colo’s first use: the fence and KV', color: colorOf('kv') },
    { of: 'd1', name: 'for comparison: a read of D1', color: colorOf('d1') },
  ] as const
  const rows = sorted.flatMap((result, row) => {
    const height = top + (row + 0.5) * step
    const marks = kinds.flatMap(({ of, color }, nth) => {
      const { p50, p99 } = result[of]
      const level = height + (nth - 1) * 3.5
      return [
        line(
          [
            [x(p50), level],
            [x(p99), level],
          ],
          color,
          { width: 1.5 },
        ),
        dot([x(p50), level], 2.5, color),
      ]
    })
    return [text([left - 8, height + 4], result.city.name, { anchor: 'end' }), ...marks]
  })
  return picture(900, bottom + 120, 'Verification by city', [
    ...axes(
      { left, top, right, bottom, x, y },
      { title: 'A model: verification by city, p50 (dot) to p99', x: 'ms' },
    ),
    ...rows,
    ...legend(
      [left, bottom + 60],
      kinds.map(({ name, color }) => ({ name, color })),
    ),
  ])
}

export function revocationPlot({ designs, stages }: Results): string {
  const shown = designs.filter(({ design }) => design.id !== 'ahead')
  const [left, right, top, step] = [220, 860, 60, 34]
  const bottom = top + shown.length * step
  const x = linear([0, 5000], [left, right], [0, 1000, 2000, 3000, 4000, 5000])
  const rows = shown.flatMap(({ design, atRates }, row) => {
    const height = top + (row + 0.5) * step
    const [first] = atRates
    const [p50, p99] = [0.5, 0.99].map((share) =>
      quantile(first?.revoking.answer ?? { values: [], weights: [] }, share),
    ) as [number, number]
    return [
      text([left - 8, height + 4], design.name, { anchor: 'end' }),
      bar([x(0), height - 9], [x(p50), height + 9], colorOf(design.id)),
      line(
        [
          [x(p50), height],
          [x(p99), height],
        ],
        colorOf(design.id),
        { width: 1.5 },
      ),
      text([x(p99) + 6, height + 4], `${Math.round(p50)} / ${Math.round(p99)} ms`, {
        kind: 'faint',
      }),
    ]
  })
  const parts = [
    ['commit', 'sign-in, read and commit in D1', '#2f6fed'],
    ['purge', 'purge of KV', '#d9822b'],
    ['raise', 'read the fences, raise them', '#9b5de5'],
    ['wait', 'wait: lease + margin', '#7b8794'],
    ['close', 'note in D1', '#2a9d6e'],
  ] as const
  let from = 0
  const level = bottom + 100
  const stacked = parts.flatMap(([stage, name, color], row) => {
    const start = from
    from += stages[stage]
    return [
      bar([x(start), level - 12], [x(from), level + 12], color),
      ...legend(
        [left, level + 40 + row * 18],
        [{ name: `${name}: ${Math.round(stages[stage])} ms`, color }],
      ),
    ]
  })
  return picture(900, level + 140, 'Latency of a revocation', [
    ...axes(
      { left, top, right, bottom, x, y: linear([0, 1], [top, bottom], []) },
      {
        title: 'A model: from the request to revoke till its 200, p50 (bar) and p99 (line)',
        x: '',
        xTick: asMs,
      },
    ),
    ...rows,
    text([left, level - 24], 'Where Latchkey’s goes (medians)', { kind: 'title' }),
    ...stacked,
  ])
}

export function stalenessPlot(results: readonly DesignResult[]): string {
  const shown = results.filter(({ design }) => design.id !== 'ahead')
  const panel = (left: number, perSecond: number) => {
    const [top, right, bottom] = [60, left + 360, 320]
    const ticks = [1, 10, 60, 600, 3600, 86_400]
    const x = Object.assign(logarithmic([0.1, 172_800], [left, right]), { ticks })
    const y = linear([0, 1], [bottom, top], [0, 0.25, 0.5, 0.75, 1])
    const drawn = shown.map(({ design, atRates }) => {
      const window = atRates.find((each) => each.perSecond === perSecond)?.revoking.window
      const seconds = Array.from({ length: 120 }, (_, at) => 0.1 * 1_728_000 ** (at / 119))
      const points = seconds.map(
        (each): Point => [x(each), y(window === undefined ? 0 : shareAbove(window, each * 1000))],
      )
      return line(points, colorOf(design.id), { width: design.id === 'latchkey' ? 4 : 2 })
    })
    const names = {
      title:
        perSecond === 1
          ? 'A key with a request a second a colo'
          : 'A key with a request each 100 s a colo',
      x: 'after the 200',
      xTick: (seconds: number) =>
        seconds < 60
          ? `${seconds} s`
          : seconds < 3600
            ? `${seconds / 60} min`
            : `${seconds / 3600} h`,
      yTick: (share: number) => `${share * 100} %`,
    }
    return [...axes({ left, top, right, bottom, x, y }, names), ...drawn]
  }
  return picture(880, 500, 'How long a revoked key still passes', [
    text([60, 24], 'A model: revocations after which the key passed once more, later than …', {
      kind: 'title',
    }),
    ...panel(60, 1),
    ...panel(490, 0.01),
    ...legend([60, 385], entriesOf(shown)),
  ])
}

export function costPlot(results: readonly DesignResult[]): string {
  const shown = results.filter(({ design }) => design.hasListPrice)
  const [left, right, top, bottom] = [60, 620, 60, 340]
  const x = Object.assign(logarithmic([0.001, 100], [left, right]), { ticks: rateTicks })
  const y = linear([0, 1], [bottom, top], [0, 0.2, 0.4, 0.6, 0.8, 1])
  const drawn = shown.map(({ design, atRates }) =>
    line(
      atRates.map(({ perSecond, verifying }): Point => [x(perSecond), y(verifying.dollars)]),
      colorOf(design.id),
      design.id === 'ahead' ? { dash: '5 4' } : {},
    ),
  )
  const names = {
    title: 'A model: dollars a million verifications, at list prices',
    x: 'requests a second a key a colo',
    yTick: (dollars: number) => `$${dollars.toFixed(1)}`,
  }
  return picture(680, 510, 'Cost by heat of the key', [
    ...axes({ left, top, right, bottom, x, y }, names),
    ...drawn,
    ...legend([60, 405], entriesOf(shown)),
  ])
}

export function tornadoPlot(base: Record<OutcomeId, number>, swings: readonly Swing[]): string {
  const shown = outcomes.filter(({ id }) => id !== 'stale')
  const width = 470
  const panels = shown.flatMap(({ id, name }, nth) => {
    const left = 190 + (nth % 2) * width
    const top = 60 + Math.floor(nth / 2) * 290
    const size = ({ low, high }: Swing) => Math.abs(high[id] - low[id])
    const most = swings.toSorted((one, other) => size(other) - size(one)).slice(0, 8)
    const all = [base[id], ...most.flatMap(({ low, high }) => [low[id], high[id]])]
    const [least, greatest] = [Math.min(...all), Math.max(...all)]
    const x: Scale = linear([least, greatest], [left, left + 250], [])
    const show = (value: number) =>
      id === 'dollars' ? value.toFixed(2) : String(Math.round(value))
    const rows = most.flatMap((swing, row) => {
      const level = top + 16 + row * 26
      const { input, low, high } = swing
      const label = (value: number, other: number) => ({
        at: [x(value) + (value < other ? -5 : 5), level + 4] as const,
        anchor: value < other ? ('end' as const) : ('start' as const),
      })
      return [
        text([left - 60, level + 4], input, { anchor: 'end' }),
        bar([x(base[id]), level - 8], [x(low[id]), level + 8], '#7aa5f7'),
        bar([x(base[id]), level - 8], [x(high[id]), level + 8], '#e07a5f'),
        ...[low, high].map((outcome, which) => {
          const { at, anchor } = label(outcome[id], (which === 0 ? high : low)[id])
          return text(at, show(outcome[id]), { anchor, kind: 'faint' })
        }),
      ]
    })
    const middle = x(base[id])
    return [
      text([left - 140, top - 8], `${name}: ${show(base[id])}`, { kind: 'title' }),
      ...rows,
      line(
        [
          [middle, top],
          [middle, top + 220],
        ],
        '#888',
        { width: 1 },
      ),
    ]
  })
  return picture(980, 660, 'Which inputs matter', [
    text(
      [50, 24],
      'A model: what Latchkey’s figures become when one input is at its low (blue) or its high (red)',
      { kind: 'title' },
    ),
    ...panels,
  ])
}

/** All plots by file name. */
export function plots(
  results: Results,
  study: { base: Record<OutcomeId, number>; swings: readonly Swing[] },
) {
  const withoutVariants = results.designs.filter(({ design }) => compared.includes(design))
  return {
    'world-map.svg': mapPlot(inputsWith(), results.cities),
    'world-latency.svg': latencyPlot(results.designs),
    'world-cities.svg': citiesPlot(results.cities),
    'world-revocation.svg': revocationPlot(results),
    'world-staleness.svg': stalenessPlot(withoutVariants),
    'world-cost.svg': costPlot(results.designs),
    'world-tornado.svg': tornadoPlot(study.base, study.swings),
  }
}

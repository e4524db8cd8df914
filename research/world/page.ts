// The tables of docs/world.md, each between its markers.
import { inputNames, requestRates, table } from './inputs.ts'
import type { AtRate, DesignResult, Results } from './results.ts'
import { quantile, type Sample, shareAbove } from './sample.ts'
import { type Outcome, outcomes, type Swing } from './sensitivity.ts'

const ms = (value: number) => (value < 10 ? value.toFixed(1) : String(Math.round(value)))
const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`
const dollars = (value: number) => (Number.isNaN(value) ? 'no list price' : `$${value.toFixed(2)}`)

export function time(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 1) return seconds === 0 ? '0' : `${ms(milliseconds)} ms`
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

const pair = (sample: Sample) => `${ms(quantile(sample, 0.5))} / ${ms(quantile(sample, 0.99))}`

function rows(head: string[], body: string[][]): string {
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...body.map(row)].join('\n')
}

function byRate(
  results: readonly DesignResult[],
  cell: (at: AtRate) => string,
  mixed?: (result: DesignResult) => string,
) {
  const head = [
    '',
    ...requestRates.map(({ perSecond }) => `${perSecond}/s`),
    ...(mixed ? ['mixed'] : []),
  ]
  const body = results.map((result) => [
    result.design.name,
    ...result.atRates.map(cell),
    ...(mixed ? [mixed(result)] : []),
  ])
  return rows(head, body)
}

/** Known from how each design works, without the model. */
const maxStaleness: Record<string, string> = {
  latchkey: 'none, as long as clocks lag by less than the margin',
  kv: 'not guaranteed (“60 seconds or more”); in this model twice the TTL',
  d1: 'none',
  'd1-replicas': 'not guaranteed (“arbitrarily out of date”)',
  'swr-edge': '24 h plus a round trip',
  'swr-servers': '10 min plus a round trip',
}

export function tables(
  results: Results,
  study: { base: Outcome; swings: readonly Swing[] },
): Record<string, string> {
  const built = results.designs.filter(({ design }) => design.id !== 'ahead')
  return {
    inputs: rows(
      ['input', 'what', 'value', 'low to high', 'kind', 'source'],
      inputNames.map((name) => {
        const { what, value, low, high, unit, kind, source } = table[name]
        const span = low === high ? '' : `${low} to ${high}`
        return [`\`${name}\``, what, `${value} ${unit}`, span, kind, source]
      }),
    ),
    latency: byRate(
      results.designs,
      ({ verifying }) => pair(verifying.latency),
      ({ mixed }) => pair(mixed.latency),
    ),
    tiers: rows(
      ['', ...requestRates.map(({ perSecond }) => `${perSecond}/s`)],
      (['memory', 'fence', 'cache', 'database'] as const).map((tier) => [
        {
          memory: 'memory, lease running',
          fence: 'the fence',
          cache: 'the fence and KV',
          database: 'D1 as well',
        }[tier],
        ...(results.designs[0]?.atRates ?? []).map(({ verifying }) =>
          percent(verifying.tiers[tier]),
        ),
      ]),
    ),
    cities: rows(
      [
        'city',
        'fence of',
        'lease expired: p50 / p99',
        'isolate’s first: p50 / p99',
        'colo’s first: p50 / p99',
        'D1: p50 / p99',
      ],
      results.cities
        .toSorted((one, other) => one.fence.p50 - other.fence.p50)
        .map(({ city, region, fence, first, firstOfColo, d1 }) => [
          city.name,
          region,
          ...[fence, first, firstOfColo, d1].map(({ p50, p99 }) => `${ms(p50)} / ${ms(p99)}`),
        ]),
    ),
    regions: rows(
      ['city', 'reads', 'round trip', 'nearer region', 'round trip'],
      results.cities.flatMap(({ city, region, nearer }) =>
        nearer === null
          ? []
          : [
              [
                city.name,
                region,
                `${ms(nearer.insteadOfMs)} ms`,
                nearer.region,
                `${ms(nearer.ms)} ms`,
              ],
            ],
      ),
    ),
    revocation: rows(
      ['', 'until the 200: p50 / p99', 'maximum staleness by design'],
      built.map(({ design, atRates }) => [
        design.name,
        `${pair(atRates[0]?.revoking.answer ?? { values: [], weights: [] })} ms`,
        maxStaleness[design.id] ?? '',
      ]),
    ),
    staleness: byRate(built, ({ revoking: { window } }) => {
      const share = shareAbove(window, 0)
      if (share === 0) return 'never'
      return `${percent(share)}; ${time(quantile(window, 0.5))}, ${time(quantile(window, 0.99))}, ${time(quantile(window, 1))}`
    }),
    cost: byRate(
      results.designs,
      ({ verifying }) => dollars(verifying.dollars),
      ({ mixed }) => dollars(mixed.dollars),
    ),
    leases: rows(
      [
        'lease',
        'verification, mixed: p50 / p99',
        'from memory',
        'dollars per million',
        'revocation p50 / p99',
      ],
      results.leases.map(({ leaseMs, mixed, revoking }) => [
        `${leaseMs / 1000} s`,
        `${pair(mixed.latency)} ms`,
        percent(mixed.tiers.memory),
        dollars(mixed.dollars),
        `${pair(revoking.answer)} ms`,
      ]),
    ),
    sensitivity: sensitivityTable(study),
  }
}

function sensitivityTable({ base, swings }: { base: Outcome; swings: readonly Swing[] }): string {
  const show = (id: string, value: number) => (id === 'dollars' ? value.toFixed(2) : ms(value))
  const body = swings.map(({ input, low, high }) => [
    `\`${input}\``,
    `${table[input].low} to ${table[input].high} ${table[input].unit}`,
    ...outcomes.map(({ id }) => {
      const [one, other] = [show(id, low[id]), show(id, high[id])]
      return one === other ? '' : `${one} to ${other}`
    }),
  ])
  const first = ['unchanged', '', ...outcomes.map(({ id }) => show(id, base[id]))]
  return rows(['input', 'from, to', ...outcomes.map(({ name }) => name)], [first, ...body])
}

/** @throws Error for a marker without a table, or a table without a marker. */
export function fill(page: string, parts: Record<string, string>): string {
  const left = new Set(Object.keys(parts))
  const filled = page.replaceAll(
    /<!-- world:(\w+) -->[\s\S]*?<!-- \/world -->/g,
    (_, name: string) => {
      const part = parts[name]
      if (part === undefined) throw new Error(`There is no table "${name}" for its marker.`)
      left.delete(name)
      return `<!-- world:${name} -->\n${part}\n<!-- /world -->`
    },
  )
  if (left.size > 0) throw new Error(`There is no marker for ${[...left].join(', ')}.`)
  return filled
}

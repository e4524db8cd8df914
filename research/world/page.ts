// The tables of docs/world.md, each between its markers.
import { inputNames, inputsWith, requestRates, table } from './inputs.ts'
import type { Verifying } from './measure.ts'
import { type AtRate, type DesignResult, keysOfAColo, type Results } from './results.ts'
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

const heats = requestRates.map(({ perSecond }) => `${perSecond}/s`)
const count = (value: number) => Math.round(value).toLocaleString('en')

/** A row a design, and for Latchkey a row a traffic of its colo; a column a heat of the key. */
function byHeat({ designs, traffic }: Results, cell: (verifying: Verifying) => string) {
  const { coloPerSecond } = inputsWith()
  const rowOf = (name: string, atRates: (Verifying | null)[], mixed: Verifying) => [
    name,
    ...atRates.map((verifying) => (verifying === null ? '' : cell(verifying))),
    cell(mixed),
  ]
  const [latchkey, ...others] = designs.map(({ atRates, ...result }) => ({
    ...result,
    atRates: atRates.map(({ verifying }): Verifying | null => verifying),
  }))
  const inColos = latchkey === undefined ? traffic : [...traffic, { ...latchkey, coloPerSecond }]
  const body = [
    ...inColos
      .toSorted((one, other) => other.coloPerSecond - one.coloPerSecond)
      .map((result) => {
        const name = `Latchkey, ${count(result.coloPerSecond)}/s in the colo`
        return rowOf(name, result.atRates, result.mixed)
      }),
    ...others.map(({ design, atRates, mixed }) => rowOf(design.name, atRates, mixed)),
  ]
  return rows(['', ...heats, 'mixed'], body)
}

function byRate(results: readonly DesignResult[], cell: (at: AtRate) => string) {
  const body = results.map((result) => [result.design.name, ...result.atRates.map(cell)])
  return rows(['', ...heats], body)
}

/** Known from how each design works, without the model. */
const maxStaleness: Record<string, string> = {
  latchkey: 'none, as long as clocks lag by less than the margin',
  before: 'none, as long as clocks lag by less than the margin',
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
  const { designs } = results
  return {
    summary: rows(
      [
        '',
        'p50 / p99',
        'without I/O',
        'questions to the fence a million',
        'dollars a million',
        'revocation until its 200, p50',
      ],
      designs.map(({ design, mixed, atRates }) => [
        design.name,
        `${pair(mixed.latency)} ms`,
        percent(mixed.tiers.memory),
        count(mixed.questions),
        dollars(mixed.dollars),
        `${ms(quantile(atRates[0]?.revoking.answer ?? { values: [], weights: [] }, 0.5))} ms`,
      ]),
    ),
    manyKeys: rows(
      [
        `${count(keysOfAColo)} keys in random order`,
        'p50 / p99',
        'without I/O',
        'questions to the fence a million',
        'dollars a million',
      ],
      results.manyKeys.map(({ design, coloPerSecond, verifying }) => [
        `${count(coloPerSecond)}/s in the colo, ${design.name}`,
        `${pair(verifying.latency)} ms`,
        percent(verifying.tiers.memory),
        count(verifying.questions),
        dollars(verifying.dollars),
      ]),
    ),
    inputs: rows(
      ['input', 'what', 'value', 'low to high', 'kind', 'source'],
      inputNames.map((name) => {
        const { what, value, low, high, unit, kind, source } = table[name]
        const span = low === high ? '' : `${low} to ${high}`
        return [`\`${name}\``, what, `${value} ${unit}`, span, kind, source]
      }),
    ),
    latency: byHeat(results, ({ latency }) => pair(latency)),
    memory: byHeat(results, ({ tiers }) => percent(tiers.memory)),
    questions: byHeat(results, ({ questions }) => count(questions)),
    tiers: rows(
      ['', ...heats],
      (['memory', 'fence', 'cache', 'database'] as const).map((tier) => [
        {
          memory: 'memory, without I/O',
          fence: 'memory, by the fence',
          cache: 'KV',
          database: 'D1',
        }[tier],
        ...(designs[0]?.atRates ?? []).map(({ verifying }) => percent(verifying.tiers[tier])),
      ]),
    ),
    cities: rows(
      [
        'city',
        'fence of',
        'view over: p50 / p99',
        'cold isolate: p50 / p99',
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
      designs.map(({ design, atRates }) => [
        design.name,
        `${pair(atRates[0]?.revoking.answer ?? { values: [], weights: [] })} ms`,
        maxStaleness[design.id] ?? '',
      ]),
    ),
    staleness: byRate(designs, ({ revoking: { window } }) => {
      const share = shareAbove(window, 0)
      if (share === 0) return 'never'
      return `${percent(share)}; ${time(quantile(window, 0.5))}, ${time(quantile(window, 0.99))}, ${time(quantile(window, 1))}`
    }),
    cost: byHeat(results, (verifying) => dollars(verifying.dollars)),
    leases: rows(
      [
        'lease',
        'verification, mixed: p50 / p99',
        'without I/O',
        'questions to the fence a million',
        'dollars per million',
        'revocation p50 / p99',
      ],
      results.leases.map(({ leaseMs, mixed, revoking }) => [
        `${leaseMs / 1000} s`,
        `${pair(mixed.latency)} ms`,
        percent(mixed.tiers.memory),
        count(mixed.questions),
        dollars(mixed.dollars),
        `${pair(revoking.answer)} ms`,
      ]),
    ),
    sensitivity: sensitivityTable(study),
  }
}

function sensitivityTable({ base, swings }: { base: Outcome; swings: readonly Swing[] }): string {
  const show = (id: string, value: number) =>
    id === 'dollars' ? value.toFixed(2) : id === 'questions' ? count(value) : ms(value)
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

// The tables of docs/world.md, each written between the marks that stand there for it.
import { heats, inputNames, table } from './inputs.ts'
import type { AtHeat, DesignResult, Results } from './results.ts'
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

function byHeat(
  results: readonly DesignResult[],
  cell: (at: AtHeat) => string,
  mixed?: (result: DesignResult) => string,
) {
  const head = ['', ...heats.map(({ perSecond }) => `${perSecond}/s`), ...(mixed ? ['mixed'] : [])]
  const body = results.map((result) => [
    result.design.name,
    ...result.atHeats.map(cell),
    ...(mixed ? [mixed(result)] : []),
  ])
  return rows(head, body)
}

/** What can be said without the model, from how each works. */
const longest: Record<string, string> = {
  latchkey: 'none, while clocks lag by less than the margin',
  kv: 'none is promised (“60 seconds or more”); in this model twice the TTL',
  d1: 'none',
  'd1-replicas': 'none is promised (“arbitrarily out of date”)',
  'swr-edge': '24 h, and a round trip',
  'swr-servers': '10 min, and a round trip',
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
    latency: byHeat(
      results.designs,
      ({ verifying }) => pair(verifying.latency),
      ({ mixed }) => pair(mixed.latency),
    ),
    tiers: rows(
      ['', ...heats.map(({ perSecond }) => `${perSecond}/s`)],
      (['memory', 'fence', 'cache', 'database'] as const).map((tier) => [
        {
          memory: 'memory, lease running',
          fence: 'the fence',
          cache: 'the fence and KV',
          database: 'D1 too',
        }[tier],
        ...(results.designs[0]?.atHeats ?? []).map(({ verifying }) =>
          percent(verifying.tiers[tier]),
        ),
      ]),
    ),
    cities: rows(
      [
        'city',
        'fence of',
        'lease over: p50 / p99',
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
      ['city', 'asks', 'round trip', 'would be nearer', 'round trip'],
      results.cities.flatMap(({ city, region, better }) =>
        better === null
          ? []
          : [
              [
                city.name,
                region,
                `${ms(better.insteadOfMs)} ms`,
                better.region,
                `${ms(better.ms)} ms`,
              ],
            ],
      ),
    ),
    revocation: rows(
      ['', 'till the 200: p50 / p99', 'longest stale pass, by how it works'],
      built.map(({ design, atHeats }) => [
        design.name,
        `${pair(atHeats[0]?.revoking.answer ?? { values: [], weights: [] })} ms`,
        longest[design.id] ?? '',
      ]),
    ),
    staleness: byHeat(built, ({ revoking: { window } }) => {
      const share = shareAbove(window, 0)
      if (share === 0) return 'never'
      return `${percent(share)}; ${time(quantile(window, 0.5))}, ${time(quantile(window, 0.99))}, ${time(quantile(window, 1))}`
    }),
    cost: byHeat(
      results.designs,
      ({ verifying }) => dollars(verifying.dollars),
      ({ mixed }) => dollars(mixed.dollars),
    ),
    leases: rows(
      [
        'lease',
        'verification, mixed: p50 / p99',
        'from memory',
        'dollars a million',
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
  const first = ['as it is', '', ...outcomes.map(({ id }) => show(id, base[id]))]
  return rows(['input', 'from, to', ...outcomes.map(({ name }) => name)], [first, ...body])
}

/** The page with each table put between its marks. A mark without a table, or the reverse, is an error. */
export function fill(page: string, parts: Record<string, string>): string {
  const left = new Set(Object.keys(parts))
  const filled = page.replaceAll(
    /<!-- world:(\w+) -->[\s\S]*?<!-- \/world -->/g,
    (_, name: string) => {
      const part = parts[name]
      if (part === undefined)
        throw new Error(`docs/world.md asks for "${name}", which there is not.`)
      left.delete(name)
      return `<!-- world:${name} -->\n${part}\n<!-- /world -->`
    },
  )
  if (left.size > 0) throw new Error(`docs/world.md has no place for ${[...left].join(', ')}.`)
  return filled
}

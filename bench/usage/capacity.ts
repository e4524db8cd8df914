// `npx node bench/usage/capacity.ts`: the tables of docs/capacity.md, from bench/results/usage.json and inputs.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rowsOf, taken, whole } from '../page/format.ts'
import type { UsageResults } from '../page/results.ts'
import { resultsFolder, root } from '../support/places.ts'
import { costOf, type Estimate, estimate, giga, million } from './estimate.ts'
import { type Input, inputs } from './inputs.ts'

function capacityTable(results: UsageResults): string {
  const all = [1_000, 10_000, 100_000, 1_000_000].map((keys) => estimate(keys, results))
  const row = (name: string, of: (each: Estimate) => string) => [name, ...all.map(of)]
  const gb = (value: number) =>
    value < 0.1 ? `${whole(value * 1000)} MB` : `${value.toFixed(1)} GB`
  const millions = (value: number) => `${(value / million).toFixed(value < 10 * million ? 1 : 0)} M`
  const dollars = (value: number) => `$${whole(value)}`
  const costs = all.map(costOf)
  const names = Object.keys(costs[0] ?? {}) as (keyof ReturnType<typeof costOf>)[]
  return rowsOf(
    ['active keys', ...all.map(({ keys }) => whole(keys))],
    [
      row('requests a second', ({ perSecond }) => whole(perSecond)),
      row('D1: keys, and 4 audit events each', ({ d1Gb }) => gb(d1Gb)),
      row('D1: rows written a month, all `last_used_at`', ({ d1Rows }) => millions(d1Rows)),
      row('usage objects and request logs, 400 days', ({ objectGb }) => gb(objectGb)),
      row('`USAGE_SHARDS`', ({ shards }) => whole(shards)),
      row('the largest usage object', ({ largestGb }) => gb(largestGb)),
      row('rows written by usage objects a month', ({ usageRows }) => millions(usageRows)),
      row('rows written by request logs a month', ({ logWrites }) => millions(logWrites)),
      row('KV', ({ kvGb }) => gb(kvGb)),
      ...names.map((name) => [
        name.startsWith('all') ? `**$ a month: ${name}**` : `$ a month: ${name}`,
        ...costs.map((cost) => dollars(cost[name])),
      ]),
    ],
  )
}

function measuredTable({ bytes, d1, rows, exactlyOnce }: UsageResults): string {
  const ofDay = bytes.keyDay.map(({ hours, codes, folded, journal }) => [
    `a key and day of usage, ${hours} h and ${codes} ${codes === 1 ? 'code' : 'codes'}`,
    `${whole(folded)} B (${whole(journal)} B in the journal before the fold)`,
  ])
  return rowsOf(
    ['measured', ''],
    [
      ...ofDay,
      ['rows written by a fold, a key day', `${bytes.rowsOfKeyDay}`],
      ['a message of 1,000 rows', `${whole(bytes.message)} B`],
      ['the full request log of an account', `${whole(bytes.requestLog)} B`],
      [
        'a key in D1 with its indexes, unused, and used',
        `${whole(d1.bytesPerKey)} B, ${whole(d1.bytesUsedKey)} B`,
      ],
      [
        'an audit event in D1',
        `${whole(d1.bytesPerAuditEvent)} B: ${(giga / d1.bytesPerAuditEvent / million).toFixed(2)} million a GB`,
      ],
      ['a record in KV', `${whole(bytes.kvEntry)} B`],
      ['a floor of a fence', `${whole(bytes.fenceFloor)} B`],
      [
        'rows written by D1 for a last use, and for a revocation with ten fences',
        `${rows.lastUse}, ${rows.revocation}`,
      ],
      [
        `${whole(exactlyOnce.requests)} counted requests: rows written to D1`,
        `${whole(exactlyOnce.d1RowsWritten)} of \`last_used_at\`, ${exactlyOnce.d1RowsChanged} others`,
      ],
      ['the same: rows written by the objects', whole(exactlyOnce.objectRowsWritten)],
    ],
  )
}

function inputTable(): string {
  const rows = Object.values(inputs).map(({ value, unit, what, source }: Input) => [
    what,
    `${whole(value) === '0' || value < 10 ? value : whole(value)} ${unit}`,
    source,
  ])
  return rowsOf(['input', 'value', 'source'], rows)
}

function sections(results: UsageResults): Record<string, string> {
  const { exactlyOnce: once, beside, waiting, machine } = results
  return {
    table: capacityTable(results),
    measured: measuredTable(results),
    inputs: inputTable(),
    taken: taken('npx node bench/usage.ts', machine, 'Real workerd, and SQLite itself for D1.'),
    once: `${whole(once.requests)} requests of 1,000 keys in 20 accounts with 5 codes went as ${whole(once.messages)} messages, each delivered at least twice (${whole(once.deliveries)} deliveries, ${once.redelivered} because an object did not answer), in any order, to objects that were evicted ${once.evictions} times, ${once.folds} of them with a fold. Counted: ${whole(once.counted)}; keys, codes and accounts whose total differs: ${once.wrong}. It took ${once.seconds} s.`,
    beside: rowsOf(
      [
        'beside',
        'revocations',
        'median',
        'p90',
        'by alone',
        'by the control',
        'last uses a second',
      ],
      beside.map((each) => [
        each.name,
        whole(each.revocations),
        `${each.medianMs} ms`,
        `${each.p90Ms} ms`,
        `${each.ratio}`,
        `${each.ratioOfControl}`,
        whole(each.keysPerSecond),
      ]),
    ),
    waiting: rowsOf(
      ['keys a statement', 'median', 'p99'],
      waiting.map((each) => [
        whole(each.chunk),
        `${each.statementMs} ms`,
        `${each.statementP99Ms} ms`,
      ]),
    ),
  }
}

/** Replaces what stands between the markers of each table. */
export function writeCapacity(): void {
  const results = JSON.parse(
    readFileSync(join(resultsFolder, 'usage.json'), 'utf8'),
  ) as UsageResults
  const path = join(root, 'docs', 'capacity.md')
  let page = readFileSync(path, 'utf8')
  for (const [name, text] of Object.entries(sections(results))) {
    const between = new RegExp(`(<!-- capacity:${name} -->\n)[^]*?(<!-- /capacity -->)`)
    if (!between.test(page)) throw new Error(`${path} has no place for ${name}.`)
    page = page.replace(between, (_, open, close) => `${open}${text}\n${close}`)
  }
  writeFileSync(path, page)
}

if (import.meta.main) writeCapacity()

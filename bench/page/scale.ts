// The section on cost by number of keys.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { curves } from '../support/curves.ts'
import { imagesFolder } from '../support/places.ts'
import { rowsOf, taken, whole } from './format.ts'
import type { Curve, ManagementRow, ScaleResults } from './results.ts'

export function scaleSection(results: ScaleResults): string[] {
  const { machine, stored, inUse, memoryBytes, revoked, plans, fileBytes } = results
  const { management, usageDays } = results
  const picture = (file: string, title: string, of: Parameters<typeof curves>[0]) => {
    mkdirSync(imagesFolder, { recursive: true })
    writeFileSync(join(imagesFolder, file), curves(of))
    return `![${title}](images/${file})`
  }
  const lines = (of: readonly Curve[]) =>
    of.map(({ name, points }) => ({
      name,
      points: points.map(({ at, p50 }) => [at, p50] as const),
    }))
  const uses = { name: 'one use', points: inUse.map((use) => [use.at, use.microseconds] as const) }
  const largest = fileBytes.at(-1)
  const sizes = fileBytes.map(({ at }) => at)
  const ms = (value: number) => value.toFixed(value < 10 ? 3 : 0)
  const table = (of: readonly Curve[]) =>
    of.map(({ name, points }) => [name, ...points.map(({ p50, p99 }) => `${ms(p50)} / ${ms(p99)}`)])
  return [
    '## Cost by number of keys',
    taken(
      'npx node --expose-gc bench/scale.ts',
      machine,
      'The statements of `src/storage` on SQLite, without a Worker or a network.',
    ),
    '### By keys stored',
    picture('performance-stored.svg', 'Milliseconds per statement by keys stored', {
      title: 'Median of a statement by keys in D1',
      x: 'keys stored; the queried account has at most a million of them',
      unit: 'ms',
      lines: lines(stored),
    }),
    'Median and p99 in ms. The listed and searched account has all keys, up to a million.',
    rowsOf(['', ...sizes.map(whole)], table(stored)),
    'A search looks through at most 20,000 keys a page, so it does not grow beyond them.',
    `${whole(largest?.at ?? 0)} keys are ${whole((largest?.bytes ?? 0) / 2 ** 20)} MB; D1 holds 10 GB.`,
    '### By keys in use',
    picture('performance-memory.svg', 'Microseconds per use by distinct keys in use', {
      title: 'Memory: random uses of keys with equal probability',
      x: 'distinct keys in use',
      unit: 'µs',
      lines: [uses],
    }),
    rowsOf(
      ['distinct keys', 'found in memory', 'µs per use'],
      inUse.map(({ at, hits, microseconds }) => [
        whole(at),
        `${(hits * 100).toFixed(1)} %`,
        microseconds.toFixed(2),
      ]),
    ),
    `10,000 records take ${(memoryBytes / 2 ** 20).toFixed(1)} MB of the 128 MB of an isolate. Memory holds 32 MB of records and drops the least recently used first.`,
    '### By keys revoked in one request',
    picture('performance-revoked.svg', 'Milliseconds by keys revoked in one request', {
      title: 'Revoking several keys with ten fences, without the wait for leases',
      x: 'keys revoked in one request, of an account with 100,000',
      unit: 'ms',
      lines: lines(revoked),
    }),
    'Above a hundred keys, one row per fence raises the group of the account, so that its work no longer grows.',
    '### By usage days in one object',
    picture('performance-usage.svg', 'Milliseconds by usage days in one object', {
      title: 'Median of a call of a usage object by the days that it holds',
      x: 'usage days of one account in one object: keys × 30 days',
      unit: 'ms',
      lines: lines(usageDays.curves),
    }),
    'Median and p99 in ms. A page of totals reads 50,000 rows.',
    rowsOf(['', ...usageDays.bytes.map(({ at }) => whole(at))], table(usageDays.curves)),
    `${usageDays.bytes.map(({ at, bytes }) => `${whole(at)} usage days are ${whole(bytes / 2 ** 20)} MB`).join(', ')}. One shard is meant for 30,000 to 50,000 active keys a day, 1.5 million usage days a month.`,
    '### Management at a million keys of one account',
    `The slowest of ${management.length} statements and batches, in ms: a read may take ${readLimit(management)}, a batch of a change ${changeLimit(management)}. Reads are timed one statement at a time.`,
    rowsOf(
      ['', 'statements', 'p50', 'p90', 'limit'],
      slowest(management).map(({ name, statements, p50, p90, limitMs }) => [
        name,
        whole(statements),
        ms(p50),
        ms(p90),
        whole(limitMs),
      ]),
    ),
    '### Query plans',
    'The plans of SQLite for the largest size (`EXPLAIN QUERY PLAN`).',
    ...plans.map(
      ({ name, sql, plan }) =>
        `<details><summary>${name}: <code>${short(sql)}</code></summary>\n\n\`\`\`text\n${plan.join('\n') || '(no search: one row is written)'}\n\`\`\`\n\n</details>`,
    ),
  ]
}

const shown = 25

function slowest(rows: readonly ManagementRow[]): ManagementRow[] {
  return rows.toSorted((a, b) => b.p50 / b.limitMs - a.p50 / a.limitMs).slice(0, shown)
}

const readLimit = (rows: readonly ManagementRow[]) =>
  Math.min(...rows.map(({ limitMs }) => limitMs))
const changeLimit = (rows: readonly ManagementRow[]) =>
  Math.max(...rows.map(({ limitMs }) => limitMs))

function short(sql: string): string {
  const words = sql.replace(/\s+/g, ' ').trim()
  return (words.length > 90 ? `${words.slice(0, 90)}…` : words).replaceAll('<', '&lt;')
}

// The section on cost by number of keys.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { curves } from '../support/curves.ts'
import { imagesFolder } from '../support/places.ts'
import { rowsOf, taken, whole } from './format.ts'
import type { ScaleResults } from './results.ts'

export function scaleSection(results: ScaleResults): string[] {
  const { machine, stored, inUse, memoryBytes, revoked, plans, fileBytes } = results
  const picture = (file: string, title: string, of: Parameters<typeof curves>[0]) => {
    mkdirSync(imagesFolder, { recursive: true })
    writeFileSync(join(imagesFolder, file), curves(of))
    return `![${title}](images/${file})`
  }
  const ofStored = stored.map(({ name, points }) => ({
    name,
    points: points.map(({ at, p50 }) => [at, p50] as const),
  }))
  const ofRevoked = revoked.map(({ name, points }) => ({
    name,
    points: points.map(({ at, p50 }) => [at, p50] as const),
  }))
  const uses = { name: 'one use', points: inUse.map((use) => [use.at, use.microseconds] as const) }
  const largest = fileBytes.at(-1)
  const sizes = fileBytes.map(({ at }) => at)
  const table = stored.map(({ name, points }) => [
    name,
    ...points.map(
      ({ p50, p99 }) => `${p50.toFixed(p50 < 10 ? 3 : 0)} / ${p99.toFixed(p99 < 10 ? 3 : 0)}`,
    ),
  ])
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
      lines: ofStored,
    }),
    'Median and p99 in ms. The listed and searched account has all keys, up to a million.',
    rowsOf(['', ...sizes.map(whole)], table),
    'Two operations grow with the account: a search without a match and a list by a state that no key is in. They read all keys of the account, because a substring of a name and a rare state have no index. They end after 2 s with a 503.',
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
    // The second sentence goes with the next measurement.
    `10,000 records take ${(memoryBytes / 2 ** 20).toFixed(1)} MB of the 128 MB of an isolate. These figures were measured with a memory of at most 10,000 records; it now holds 32 MB of records and drops the least recently used first.`,
    '### By keys revoked in one request',
    picture('performance-revoked.svg', 'Milliseconds by keys revoked in one request', {
      title: 'Revoking several keys with ten fences, without the wait for leases',
      x: 'keys revoked in one request, of an account with 100,000',
      unit: 'ms',
      lines: ofRevoked,
    }),
    'Above a thousand keys, one row per fence raises all digests, so that its work no longer grows.',
    '### Query plans',
    'The plans of SQLite for the largest size (`EXPLAIN QUERY PLAN`).',
    ...plans.map(
      ({ name, sql, plan }) =>
        `<details><summary>${name}: <code>${short(sql)}</code></summary>\n\n\`\`\`text\n${plan.join('\n') || '(no search: one row is written)'}\n\`\`\`\n\n</details>`,
    ),
  ]
}

function short(sql: string): string {
  const words = sql.replace(/\s+/g, ' ').trim()
  return (words.length > 90 ? `${words.slice(0, 90)}…` : words).replaceAll('<', '&lt;')
}

// `npx node bench/page.ts`: generates docs/performance.md and its charts from the committed results.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchResults, Measured } from './bench.ts'
import type { ScaleResults } from './scale.ts'
import type { StartupResults } from './startup.ts'
import { curves } from './support/curves.ts'
import type { Machine } from './support/machine.ts'
import { imagesFolder, resultsFolder, root } from './support/places.ts'

const rowsOf = (head: string[], body: string[][]) => {
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...body.map(row)].join(
    '\n',
  )
}
const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`

export function writePage(): void {
  const parts = [
    '# How fast is it?',
    'These figures were measured in one workerd on one machine, not on Cloudflare. [world.md](world.md) models the worldwide network. The commands named on this page generate it.',
    ...section<BenchResults>('bench', benchPart),
    ...section<StartupResults>('startup', startupPart),
    ...section<ScaleResults>('scale', scalePart),
  ]
  mkdirSync(join(root, 'docs'), { recursive: true })
  writeFileSync(join(root, 'docs', 'performance.md'), `${parts.join('\n\n')}\n`)
}

function section<Results>(name: string, write: (results: Results) => string[]): string[] {
  const file = join(resultsFolder, `${name}.json`)
  return existsSync(file) ? write(JSON.parse(readFileSync(file, 'utf8')) as Results) : []
}

function taken(command: string, machine: Machine, how: string): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  const trial = machine.isTrial ? '**A trial run on a busy machine; do not quote it.** ' : ''
  return `${trial}\`${command}\`, ${machine.date} UTC, commit ${machine.commit}. ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, load ${machine.load} before. ${how} ${versions.join(', ')}.`
}

function benchPart({
  machine,
  program,
  rounds,
  seconds,
  connections,
  rows,
}: BenchResults): string[] {
  const groups: [Measured['group'], string][] = [
    ['limit', 'The upper bound: a bare Hono Worker'],
    ['verification', 'A verification, by rows of the I/O budget'],
    ['guard', 'The guard on a route'],
    ['peer', 'Better Auth, `@better-auth/api-key`'],
  ]
  const speeds = new Map(rows.map((row) => [row.name, row]))
  const head = [
    '',
    'requests/s',
    'of its bound',
    'CPU, µs',
    'p50, ms',
    'p99, ms',
    'p50 alone',
    'p99 alone',
  ]
  const cells = (row: Measured) => {
    const limit = speeds.get(row.against ?? '')
    const share = limit === undefined ? '' : (row.perSecond / limit.perSecond).toFixed(2)
    const times = [row.p50Ms, row.p99Ms, row.aloneP50Ms, row.aloneP99Ms].map((ms) => ms.toFixed(2))
    return [row.name, whole(row.perSecond), share, (row.cpuMs * 1000).toFixed(0), ...times]
  }
  return [
    '## A verification',
    taken(
      'npm run bench',
      machine,
      `${program}, ${connections} connections, ${seconds} s per row, ${rounds} alternating rounds, medians.`,
    ),
    'All Workers are minified by wrangler with the same settings and run in one process, each on a socket of its own (Miniflare, `unsafeDirectSockets`). CPU is the processor time of that process per request. It includes D1, KV and Durable Objects, which run in the same process with their files in memory (`/dev/shm`), so that no disk is measured. "Alone" is one connection, without a queue. Log lines are off (`LOG_SAMPLE=0`). `me` is `GET /api/v1/me`. `verify` is `POST /api/v1/keys/verify`, which verifies two keys: the key of the calling service and the key in the body. "First use" is an isolate with an empty memory; "KV empty" is one whose KV lookup finds nothing. Each request with a forged token uses a different token.',
    ...groups.flatMap(([group, title]) => {
      const own = rows.filter((row) => row.group === group)
      return own.length === 0 ? [] : [`### ${title}`, rowsOf(head, own.map(cells))]
    }),
    ...targets(speeds, machine),
    ...flames(),
  ]
}

function flames(): string[] {
  const pictures = [
    ['performance-flame-verify.svg', 'CPU time of a verify in memory'],
    ['performance-flame-me.svg', 'CPU time of a me in memory'],
  ] as const
  const present = pictures.filter(([file]) => existsSync(join(imagesFolder, file)))
  if (present.length === 0) return []
  return [
    '### CPU profile',
    "`npx node bench/profile.ts`: workerd's own profiler under the same load; the Worker is not minified.",
    ...present.map(([file, title]) => `![${title}](images/${file})`),
  ]
}

/** The targets beside the measured values. */
function targets(rows: Map<string, Measured>, { isTrial }: Machine): string[] {
  const speed = (name: string) => rows.get(name)?.perSecond ?? Number.NaN
  const hot = speed('verify: in memory, lease running')
  const me = speed('me: in memory, lease running')
  const post = speed('bare Hono POST, JSON parsed')
  const stores = rows.get('bare Hono, one KV read, then one Durable Object call')
  const first = rows.get('me: first use in an isolate')
  const lines: [string, string, number, (value: number) => boolean][] = [
    [
      '`verify` in memory, relative to a bare POST',
      'at least 0.8',
      hot / post,
      (value) => value >= 0.8,
    ],
    ['`me` in memory, relative to a bare GET', '', me / speed('bare Hono GET'), () => true],
    [
      '`me` in memory, relative to Better Auth on D1 + KV',
      'at least 40',
      me / speed('Better Auth, D1 + KV'),
      (value) => value >= 40,
    ],
    [
      '`me` in memory, relative to Better Auth on D1',
      'at least 20',
      me / speed('Better Auth, D1'),
      (value) => value >= 20,
    ],
    [
      '`verify` in memory (two keys), relative to Better Auth on D1 + KV',
      '',
      hot / speed('Better Auth, D1 + KV'),
      () => true,
    ],
    [
      'first use, median alone, relative to one KV read and one Durable Object call',
      'at most 2',
      (first?.aloneP50Ms ?? Number.NaN) / (stores?.aloneP50Ms ?? Number.NaN),
      (value) => value <= 2,
    ],
    [
      'forged token at `verify`, relative to a bare POST',
      'at least 0.8',
      speed('verify: forged token') / post,
      (value) => value >= 0.8,
    ],
    [
      'forged token at `me`, relative to a bare GET',
      'at least 0.8',
      speed('me: forged token') / speed('bare Hono GET'),
      (value) => value >= 0.8,
    ],
  ]
  const body = lines.map(([name, target, value, isReached]) => {
    const verdict = target === '' || isTrial ? '' : isReached(value) ? 'reached' : 'not reached'
    return [name, target, value.toFixed(2), verdict]
  })
  return ['### Targets', rowsOf(['', 'target', 'measured', ''], body)]
}

function startupPart({ machine, runs, upload, bytes, starts, lazy }: StartupResults): string[] {
  const lazyBytes = Object.values(bytes.lazy).reduce((sum, size) => sum + size, 0)
  const limit = starts[0]?.firstMs ?? 1
  return [
    '## Size and startup',
    taken(
      'npx node bench/startup.ts',
      machine,
      `workerd only, without stores; medians of ${runs}.`,
    ),
    rowsOf(
      ['compressed size', ''],
      [
        ['a bare Hono Worker', kilobytes(bytes.bare)],
        ['code evaluated at startup', kilobytes(bytes.eager)],
        ['code loaded on demand', kilobytes(lazyBytes)],
        ['the deployed file', `${kilobytes(bytes.whole)} (wrangler: ${upload.gzip})`],
      ],
    ),
    'Code evaluated at startup is the code that esbuild, with splitting, puts into modules that the entry imports statically.',
    rowsOf(
      ['from the start of the process to the first answer', 'ms', 'relative to bare'],
      starts.map(({ name, firstMs }) => [name, firstMs.toFixed(1), (firstMs / limit).toFixed(2)]),
    ),
    rowsOf(
      [
        'the first request of a kind in an isolate that has already answered',
        'ms',
        'later requests',
      ],
      lazy.map(({ name, ms, againMs }) => [name, ms.toFixed(1), againMs.toFixed(1)]),
    ),
  ]
}

function scalePart(results: ScaleResults): string[] {
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
    `A memory of 10,000 records takes ${(memoryBytes / 2 ** 20).toFixed(1)} MB of the 128 MB of an isolate.`,
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

if (import.meta.main) writePage()

// docs/performance.md and its pictures, made anew from the committed results: `node bench/page.ts`.
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
    '# How fast it is',
    'Measured, not modelled, and not on Cloudflare: everything ran in one workerd on one machine. What a planet adds is in [world.md](world.md). This page is written by the commands it names.',
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
  const trial = machine.isTrial ? '**A trial run on a busy machine, not to be quoted.** ' : ''
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
    ['limit', 'The limit: a bare Hono Worker'],
    ['verification', 'A verification, row by row of the I/O budget'],
    ['guard', 'The guard on a route'],
    ['peer', 'Better Auth, `@better-auth/api-key`'],
  ]
  const speeds = new Map(rows.map((row) => [row.name, row]))
  const head = [
    '',
    'requests/s',
    'of its limit',
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
      `${program}, ${connections} connections, ${seconds} s a row, ${rounds} rounds in turns, medians.`,
    ),
    'All Workers are minified by wrangler with the same settings and run in one process, each on a socket of its own (Miniflare, `unsafeDirectSockets`). CPU is the processor time of that process a request, its stores included: D1, KV and Durable Objects run in it too, their files in memory (`/dev/shm`), so that no disk is measured. "Alone" is one connection, without a queue. Log lines are off (`LOG_SAMPLE=0`). `me` is `GET /api/v1/me`, `verify` is `POST /api/v1/keys/verify`, which checks two keys: that of the service that asks, and the one that it asks about. "First use" is an isolate whose memory is empty; "KV empty" one whose KV look-up finds nothing. A forged token is another one each time.',
    ...groups.flatMap(([group, title]) => {
      const own = rows.filter((row) => row.group === group)
      return own.length === 0 ? [] : [`### ${title}`, rowsOf(head, own.map(cells))]
    }),
    ...reaches(speeds, machine),
    ...flames(),
  ]
}

function flames(): string[] {
  const pictures = [
    ['performance-flame-verify.svg', 'Where the time of a hot verify goes'],
    ['performance-flame-me.svg', 'Where the time of a hot me goes'],
  ] as const
  const present = pictures.filter(([file]) => existsSync(join(imagesFolder, file)))
  if (present.length === 0) return []
  return [
    '### Where the time goes',
    "`npx node bench/profile.ts`: workerd's own profiler on the same load, the Worker not minified.",
    ...present.map(([file, title]) => `![${title}](images/${file})`),
  ]
}

/** What issue 7 asks for, beside what was measured. */
function reaches(rows: Map<string, Measured>, { isTrial }: Machine): string[] {
  const speed = (name: string) => rows.get(name)?.perSecond ?? Number.NaN
  const hot = speed('verify: in memory, lease running')
  const me = speed('me: in memory, lease running')
  const post = speed('bare Hono POST, JSON parsed')
  const stores = rows.get('bare Hono, one KV read, then one Durable Object call')
  const first = rows.get('me: first use in an isolate')
  const lines: [string, string, number, (value: number) => boolean][] = [
    ['hot `verify`, of a bare POST', 'at least 0.8', hot / post, (value) => value >= 0.8],
    ['hot `me`, of a bare GET', '', me / speed('bare Hono GET'), () => true],
    [
      'hot `me`, times Better Auth on D1 + KV',
      'at least 40',
      me / speed('Better Auth, D1 + KV'),
      (value) => value >= 40,
    ],
    [
      'hot `me`, times Better Auth on D1',
      'at least 20',
      me / speed('Better Auth, D1'),
      (value) => value >= 20,
    ],
    [
      'hot `verify` (two keys), times Better Auth on D1 + KV',
      '',
      hot / speed('Better Auth, D1 + KV'),
      () => true,
    ],
    [
      'first use, median alone, times one KV read and one Durable Object call',
      'at most 2',
      (first?.aloneP50Ms ?? Number.NaN) / (stores?.aloneP50Ms ?? Number.NaN),
      (value) => value <= 2,
    ],
    [
      'forged token at `verify`, of a bare POST',
      'at least 0.8',
      speed('verify: forged token') / post,
      (value) => value >= 0.8,
    ],
    [
      'forged token at `me`, of a bare GET',
      'at least 0.8',
      speed('me: forged token') / speed('bare Hono GET'),
      (value) => value >= 0.8,
    ],
  ]
  const body = lines.map(([name, wanted, value, isReached]) => {
    const verdict = wanted === '' || isTrial ? '' : isReached(value) ? 'reached' : 'not reached'
    return [name, wanted, value.toFixed(2), verdict]
  })
  return ['### What was to be reached', rowsOf(['', 'wanted', 'measured', ''], body)]
}

function startupPart({ machine, runs, upload, bytes, starts, lazy }: StartupResults): string[] {
  const lazyBytes = Object.values(bytes.lazy).reduce((sum, size) => sum + size, 0)
  const limit = starts[0]?.firstMs ?? 1
  return [
    '## Size and start',
    taken(
      'npx node bench/startup.ts',
      machine,
      `workerd alone, without a store; medians of ${runs}.`,
    ),
    rowsOf(
      ['compressed', ''],
      [
        ['a bare Hono Worker', kilobytes(bytes.bare)],
        ['what is evaluated at start', kilobytes(bytes.eager)],
        ['what is loaded when it is needed', kilobytes(lazyBytes)],
        ['the one file that is deployed', `${kilobytes(bytes.whole)} (wrangler: ${upload.gzip})`],
      ],
    ),
    'Evaluated at start: what esbuild, splitting, puts into modules that the entry imports statically.',
    rowsOf(
      ['from the start of the process to the first answer', 'ms', 'times bare'],
      starts.map(({ name, firstMs }) => [name, firstMs.toFixed(1), (firstMs / limit).toFixed(2)]),
    ),
    rowsOf(
      [
        'what the first request of a kind costs in an isolate that has answered before',
        'ms',
        'each later one',
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
  const uses = { name: 'a use', points: inUse.map((use) => [use.at, use.microseconds] as const) }
  const largest = fileBytes.at(-1)
  const sizes = fileBytes.map(({ at }) => at)
  const table = stored.map(({ name, points }) => [
    name,
    ...points.map(
      ({ p50, p99 }) => `${p50.toFixed(p50 < 10 ? 3 : 0)} / ${p99.toFixed(p99 < 10 ? 3 : 0)}`,
    ),
  ])
  return [
    '## How cost grows',
    taken(
      'npx node --expose-gc bench/scale.ts',
      machine,
      'The statements of `src/storage`, word for word, on SQLite without a Worker or a network around it.',
    ),
    '### With keys stored',
    picture('performance-stored.svg', 'Milliseconds a statement by keys stored', {
      title: 'Median of a statement by keys in D1',
      x: 'keys stored; the account that is asked holds a million of them at most',
      unit: 'ms',
      lines: ofStored,
    }),
    'Median and p99 in ms. The account that is listed and searched holds all keys up to a million, and a million beyond.',
    rowsOf(['', ...sizes.map(whole)], table),
    'Not flat: a search that finds nothing, and a list by a state that no key is in, read all keys of the one account, since a part of a name has no index and a rare state none of its own. They are given up after 2 s with a 503.',
    `${whole(largest?.at ?? 0)} keys are ${whole((largest?.bytes ?? 0) / 2 ** 20)} MB; D1 holds 10 GB.`,
    '### With keys in use',
    picture('performance-memory.svg', 'Microseconds a use by distinct keys in use', {
      title: 'Memory: a use of one of so many keys, each as likely',
      x: 'distinct keys in use',
      unit: 'µs',
      lines: [uses],
    }),
    rowsOf(
      ['distinct keys', 'found in memory', 'µs a use'],
      inUse.map(({ at, hits, microseconds }) => [
        whole(at),
        `${(hits * 100).toFixed(1)} %`,
        microseconds.toFixed(2),
      ]),
    ),
    `A full memory of 10,000 records takes ${(memoryBytes / 2 ** 20).toFixed(1)} MB of an isolate's 128.`,
    '### With keys revoked at once',
    picture('performance-revoked.svg', 'Milliseconds by keys revoked at once', {
      title: 'Revoking many at once, ten fences, the wait for leases left out',
      x: 'keys revoked at once, of an account of 100,000',
      unit: 'ms',
      lines: ofRevoked,
    }),
    'Above a thousand keys one row a fence raises all that it guards, so that its work no longer grows.',
    '### What keeps it flat',
    'The plans that SQLite chose for the largest size (`EXPLAIN QUERY PLAN`).',
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

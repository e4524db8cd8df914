// The section on verifications, with the targets and the flame graphs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from '../support/machine.ts'
import { imagesFolder } from '../support/places.ts'
import { rowsOf, taken, whole } from './format.ts'
import type { BenchResults, Measured } from './results.ts'

export function verificationSection({
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

/** The targets next to the measured values. */
function targets(rows: Map<string, Measured>, { isTrial }: Machine): string[] {
  const speed = (name: string) => rows.get(name)?.perSecond ?? Number.NaN
  const hot = speed('verify: in memory, view running')
  const me = speed('me: in memory, view running')
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

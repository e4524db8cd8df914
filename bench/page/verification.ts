// The section on verifications, with the targets and the flame graphs.
import type { Machine } from '../support/machine.ts'
import type { Stale } from '../support/stale.ts'
import { flames } from './flames.ts'
import { estimateText, microseconds, rowsOf, taken, twoPlaces, whole } from './format.ts'
import {
  type BenchResults,
  type Counts,
  estimate,
  figuresOf,
  type Measured,
  shareOf,
} from './results.ts'

export const stepTitles = {
  step: 'A bare GET that does what every verification needs, step by step',
  'refusal step': 'The same for a token that was not issued',
  'verify step': 'A bare POST that does what the verification of two keys needs, step by step',
  'binding step': 'An echoing binding that does what a verification needs, step by step',
  'gateway step': 'Passing on alone, with what a gateway must do beside verifying, step by step',
} as const

export function verificationSection({
  machine,
  program,
  rounds,
  turnsPerRound,
  seconds,
  connections,
  rows,
  manyKeys,
  stale,
}: BenchResults): string[] {
  const groups: [Measured['group'], string][] = [
    ['limit', 'The upper bound: a bare Hono Worker'],
    ...(Object.entries(stepTitles) as [keyof typeof stepTitles, string][]),
    ['verification', 'A verification, by rows of the I/O budget'],
    ['guard', 'The guard on a route'],
    ['peer', 'Others: written by hand, and Better Auth, `@better-auth/api-key`'],
  ]
  const speeds = new Map(rows.map((row) => [row.name, row]))
  const head = [
    '',
    'requests/s',
    'of its bound',
    'CPU, µs',
    'p50, ms',
    'p99, ms',
    'p50 alone, µs',
    'p99 alone, µs',
  ]
  const cells = (row: Measured) => {
    const share = estimateText(shareOf(row, speeds.get(row.against ?? '')), twoPlaces)
    const busy = [row.p50Ms, row.p99Ms].map((ms) => ms.toFixed(2))
    const alone = [row.aloneP50Ms, row.aloneP99Ms].map(microseconds)
    const { perSecond, cpuMs } = figuresOf(row)
    return [row.name, whole(perSecond), share, microseconds(cpuMs), ...busy, ...alone]
  }
  return [
    '## A verification',
    taken(
      'npm run bench -- --full',
      machine,
      `${program}, ${connections} connections; ${rounds} rounds, of a workerd each, of ${turnsPerRound} turns through all rows with ${seconds} s each.`,
    ),
    'Requests a second and CPU are means of the fastest fifth of the turns: a virtual machine runs the same code up to twice as slowly from one second to the next, and what others take of it only adds. In brackets is what each round alone would have said. p50 and p99 are medians of all turns.',
    'All Workers are built by `scripts/build-worker.mjs` with the same settings and run in one process, each on a socket of its own (Miniflare, `unsafeDirectSockets`). CPU is the processor time of that process per request. It includes D1, KV and Durable Objects, which run in the same process with their files in memory (`/dev/shm`), so that no disk is measured. "Alone" is one connection, without a queue. Log lines are off (`LOG_SAMPLE=0`). `me` is `GET /api/v1/me`. `verify` is `POST /api/v1/keys/verify`, which verifies two keys: the key of the calling service and the key in the body. "First use" is an isolate with an empty memory; "KV empty" is one whose KV lookup finds nothing. Each request with a forged token uses a different token. The gateway and its bound pass requests on to the same HTTP server in another process. "Written by hand" is what the guides of the platform show: the digest of the key is looked up in KV with `cacheTtl` 60 and behind it in D1; it has no scopes, limits, usage or log. Unkey is not among them: its SDK asks its own servers.',
    ...groups.flatMap(([group, title]) => {
      const own = rows.filter((row) => row.group === group)
      return own.length === 0 ? [] : [`### ${title}`, rowsOf(head, own.map(cells))]
    }),
    ...whatIsOwn(speeds),
    manyKeysOf(manyKeys),
    staleOf(stale),
    ...targets(speeds, machine),
    ...flames(),
  ]
}

/** What a target is measured by: the bound, the last step of what the platform needs, and Latchkey's own row. */
const compared: [bound: string, needed: string, own: string][] = [
  ['bare Hono GET', '+ five headers written', 'me: in memory, view running'],
  [
    'bare Hono POST, JSON parsed',
    '+ five headers written to the verdict',
    'verify: in memory, view running',
  ],
  ['bare Hono GET', '+ a problem and its challenge as the answer', 'me: forged token'],
  [
    'bare Hono POST, JSON parsed',
    '+ HMAC-SHA-256 by Web Crypto, the tag of the second key',
    'verify: forged token',
  ],
  [
    'bare Hono, a service binding that echoes',
    '+ an answer that tells all of a key',
    'RPC over a binding',
  ],
  ['bare Hono, passing on to an API', '+ an answer with other headers', 'gateway'],
]

/** The share that the platform leaves to any Worker that does the same, and what Latchkey does beyond. */
function whatIsOwn(rows: Map<string, Measured>): string[] {
  const lines = compared.flatMap((names) => {
    const [bound, needed, own] = names.map((name) => rows.get(name))
    if (!bound || !needed || !own) return []
    return [
      [
        own.name,
        microseconds(figuresOf(bound).cpuMs),
        estimateText(beyond(needed, bound), microseconds),
        estimateText(beyond(own, needed), microseconds),
        estimateText(shareOf(needed, bound), twoPlaces),
      ],
    ]
  })
  if (lines.length === 0) return []
  return [
    '### What stands in the way of more',
    "Processor time in µs: of the bound, of what the platform then takes for the steps above, which any Worker that verifies would need, and of Latchkey's own work: its routes, the credential, the record and its verdict, the counts and the answer (for the gateway also the verification). The last column is the share of the bound that the steps alone leave to any Worker.",
    rowsOf(['', 'bound', 'platform', 'Latchkey', 'the steps leave'], lines),
  ]
}

/** The processor time of a row beyond that of another, in ms. */
function beyond(row: Measured, other: Measured) {
  return estimate([row, other], ([own, less]) => (own?.cpuMs ?? 0) - (less?.cpuMs ?? 0))
}

function manyKeysOf({ requests, fenceCalls, waited }: Counts): string {
  const perMillion = whole((fenceCalls / requests) * 1e6)
  return `With 10,000 keys in random order, in turns between which its view ran out, the isolate called its fence ${perMillion} times a million requests, and ${whole(waited)} of ${whole(requests)} requests waited for an answer of it: those that began a turn. [world.md](world.md#ten-thousand-keys-in-random-order) has the same for a lease a record, which is what Latchkey had before.`
}

function staleOf({ histories, askedForSeconds, ...passed }: Stale): string {
  return `**A revoked key.** In the Worker that is written by hand it passed again in ${whole(passed.passedAgain)} of ${whole(histories)} histories of ${askedForSeconds} s, the last time ${whole(passed.medianSeconds)} s (median; at most ${whole(passed.maxSeconds)} s) after the revocation was answered: its own look-up, once a second, with the KV of the [simulation](../test/simulation/README.md), in which one read in a hundred returns an earlier value and one deletion in a hundred is lost. Cloudflare promises no bound; how long it is with KV's published times is in [world.md](world.md#revocation). In Latchkey it never passed, in any history of the simulation.`
}

type Target = [name: string, target: string, measured: string, isReached: boolean]

/** The targets next to the measured values. */
function targets(rows: Map<string, Measured>, { isTrial }: Machine): string[] {
  const alone = (name: string) => rows.get(name)?.aloneP50Ms ?? Number.NaN
  const me = 'me: in memory, view running'
  const stores = 'bare Hono, one KV read, then one Durable Object call'
  const firstUse = alone('me: first use in an isolate') / alone(stores)
  const atLeast = (target: string, least: number, name: string, of?: string): Target => {
    const row = rows.get(name)
    const share = shareOf(row, rows.get(of ?? row?.against ?? ''))
    const isReached = share !== null && share.value >= least
    return [target, `at least ${least}`, estimateText(share, twoPlaces), isReached]
  }
  const lines = [
    atLeast('`me` in memory, of a bare GET', 0.75, me),
    atLeast('`verify` in memory, of a bare POST', 0.7, 'verify: in memory, view running'),
    atLeast('forged token at `me`, of a bare GET', 0.7, 'me: forged token'),
    atLeast('forged token at `verify`, of a bare POST', 0.7, 'verify: forged token'),
    atLeast('RPC, of a binding that echoes', 0.95, 'RPC over a binding'),
    atLeast('the gateway, of passing on alone', 0.8, 'gateway'),
    [
      'first use, median alone, of one KV read and one Durable Object call',
      'at most 2',
      twoPlaces(firstUse),
      firstUse <= 2,
    ] satisfies Target,
    atLeast('`me` in memory, times Better Auth on D1 + KV', 40, me, 'Better Auth, D1 + KV'),
    atLeast('`me` in memory, times Better Auth on D1', 20, me, 'Better Auth, D1'),
  ]
  const body = lines.map(([name, target, value, isReached]) => {
    const verdict = isTrial ? '' : isReached ? 'reached' : 'not reached'
    return [name, target, value, verdict]
  })
  return ['### Targets', rowsOf(['', 'target', 'measured', ''], body)]
}

// `npx node bench/usage.ts`: what counting writes, whether it counts exactly once, how long a revocation waits for it, and
// what is stored. Real workerd, and SQLite itself; the latency of Cloudflare's network is not in it. Names of parts measure
// those again: `npx node bench/usage.ts writer`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UsageResults } from './page/results.ts'
import { describeMachine } from './support/machine.ts'
import { resultsFolder } from './support/places.ts'
import { measureBytes } from './usage/bytes.ts'
import { writeCapacity } from './usage/capacity.ts'
import { measureExactlyOnce, shardsOfRun } from './usage/exactly-once.ts'
import { measureRevoking } from './usage/revoking.ts'
import { startBench } from './usage/start.ts'
import { measureWriter } from './usage/writer.ts'

const isQuick = process.argv.includes('--quick')
const file = join(resultsFolder, 'usage.json')

const parts: Record<string, () => Promise<Partial<UsageResults>>> = {
  writer: () => measureWriter(isQuick),
  async exactlyOnce() {
    const bench = await startBench(shardsOfRun)
    const requests = isQuick ? 20_000 : 1_000_000
    return { exactlyOnce: await measureExactlyOnce(bench, requests).finally(bench.stop) }
  },
  async bytes() {
    const bench = await startBench('1')
    return { bytes: await measureBytes(bench, isQuick).finally(bench.stop) }
  },
  revoking: () => measureRevoking(isQuick),
}

const wanted = process.argv.slice(2).filter((name) => !name.startsWith('--'))
const known = wanted.length > 0 && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
const results = { ...known, machine: describeMachine() }
for (const [name, measure] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const measured = await measure()
  console.dir(measured, { depth: null })
  Object.assign(results, measured)
}
mkdirSync(resultsFolder, { recursive: true })
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
writeCapacity()

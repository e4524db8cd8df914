// `npm run restore -- --to TIME --url URL`: restores D1 to an earlier time and resets every fence, so that no
// cache keeps a later state (docs/restore.md). A step that fails stops the rest; the command may be run again.
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { baseUrl } from './deploy/apply-plan.ts'
import { readVersion } from './deploy/deployed.ts'
import { readOptions, readPlan } from './deploy/plan.ts'
import { createWrangler } from './deploy/run-wrangler.ts'

const { values } = parseArgs({
  options: {
    to: { type: 'string' },
    url: { type: 'string' },
    database: { type: 'string' },
    env: { type: 'string' },
  },
})
const { to, url, env } = values
const token = process.env.SETUP_TOKEN
if (!to || !url || !token || Number.isNaN(Date.parse(to))) {
  console.error(
    'Usage: SETUP_TOKEN=… npm run restore -- --to 2026-11-22T03:00:00Z --url https://keys.example.com',
  )
  process.exit(2)
}

/** A request that is under way when changes are stopped has ended by then. */
const lastChangeMs = 30_000

// A deployment replaces every variable, and the deployed BASE_URL is not in wrangler.toml.
const plan = readPlan(readOptions(env === undefined ? [] : ['--env', env]))
const { environment } = plan
const deployed = await readVersion(createWrangler('npm run restore', { environment }))
const address = baseUrl(plan.url ?? deployed.url)
const database = values.database ?? nameOf('DB')

console.log('1. Stopping changes; keys keep working.')
wrangler('deploy', '--var', 'CHANGES:stopped', ...address)
await sleep(lastChangeMs)

console.log('2. Listing the fences that exist now.')
const fences = await operate<string[]>('GET', '/api/operations/fences')

console.log(`3. Restoring ${database} to ${to}.`)
wrangler('d1', 'time-travel', 'restore', database, `--timestamp=${to}`)

console.log('4. Resetting every fence, and waiting for the leases to expire.')
for (let missing = fences; ; ) {
  const answer = await operate<{ missing: string[] }>('POST', '/api/operations/fences/reset', {
    fences: [...new Set([...fences, ...missing])],
  })
  missing = answer.missing
  if (missing.length === 0) break
  console.log(`   No response from ${missing.join(', ')}: trying again.`)
}

console.log('5. Permitting changes.')
wrangler('deploy', ...address)
console.log('Restored.')

function wrangler(...options: string[]): void {
  const variables = { ...process.env, CLOUDFLARE_ENV: environment ?? '' }
  const { status } = spawnSync('wrangler', options, { stdio: 'inherit', env: variables })
  if (status !== 0) {
    console.error(`wrangler ${options.join(' ')} failed. Changes remain stopped: run this again.`)
    process.exit(1)
  }
}

function nameOf(wanted: string): string {
  return plan.databases.find(({ binding }) => binding === wanted)?.name ?? 'latchkey'
}

async function operate<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const request = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await fetch(new URL(path, url), request)
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  const { data } = (await response.json()) as { data: T }
  return data
}

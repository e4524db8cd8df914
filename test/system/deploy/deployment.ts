// One run of `npm run deploy` against the fake API, as its own process, with the real wrangler.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Binding, Worker } from './cloud.ts'
import type { Cloudflare } from './cloudflare.ts'

export const root = join(import.meta.dirname, '..', '..', '..')
export type Run = { code: number; output: string }

/** The folder of wrangler's complete logs, which must not contain a secret. */
export const logsOf = (cloudflare: Cloudflare) =>
  join(root, '.wrangler', `logs-${cloudflare.account}`)
export const secretsOf = (cloudflare: Cloudflare, worker = 'latchkey') =>
  join(root, '.secrets', `${worker}.${cloudflare.account}.json`)

export async function deploy(
  cloudflare: Cloudflare,
  options: string[] = ['--generate'],
  env: Record<string, string> = {},
): Promise<Run> {
  const child = spawn(process.execPath, ['scripts/deploy.ts', '--wait', '0', ...options], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: logsOf(cloudflare),
      CI: 'true',
      CLOUDFLARE_API_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: 'a-token',
      WRANGLER_LOG_PATH: logsOf(cloudflare),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number>((resolve) => child.once('close', resolve))
  return { code, output }
}

export function removeTraces(cloudflare: Cloudflare): void {
  rmSync(logsOf(cloudflare), { recursive: true, force: true })
  for (const worker of ['latchkey', 'latchkey-staging'])
    rmSync(secretsOf(cloudflare, worker), { force: true })
}

/** All log files of the run. */
export function logText(cloudflare: Cloudflare): string {
  const files = readdirSync(logsOf(cloudflare), { recursive: true, encoding: 'utf8' })
  const paths = files.map((file) => join(logsOf(cloudflare), file))
  return paths
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
}

/** The bindings of the version that has the traffic. */
export function bindingsOf(
  { world }: Cloudflare,
  worker: Worker | null = world.worker,
): Map<string, Binding> {
  const id = worker?.deployed[0]?.version_id
  const version = worker?.versions.find((one) => one.id === id)
  return new Map(version?.bindings.map((binding) => [binding.name, binding]))
}

export function secretValues(
  cloudflare: Cloudflare,
  worker = cloudflare.world.worker,
): Record<string, unknown> {
  const secrets = [...bindingsOf(cloudflare, worker).values()].filter(
    ({ type }) => type === 'secret_text',
  )
  return Object.fromEntries(secrets.map(({ name, text }) => [name, text]))
}

export function migrationsOf({ world }: Cloudflare, name: string): string[] {
  const database = world.databases.find((one) => one.name === name)
  const hasTable = database?.sql
    .prepare("SELECT 1 FROM sqlite_master WHERE name = 'd1_migrations'")
    .get()
  if (!database || !hasTable) return []
  const rows = database.sql.prepare('SELECT name FROM d1_migrations ORDER BY id').all()
  return rows.map((row) => String(row.name))
}

export function migrationFiles(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.sql'))
    .sort()
}

/** The calls that write, in order; reading a database is a POST, too. */
export function changesIn(cloudflare: Cloudflare): string[] {
  return cloudflare.calls
    .filter(
      ({ method, path, changes }) => method !== 'GET' && changes && !path.endsWith('/subdomain'),
    )
    .map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, 'ID')}`)
}

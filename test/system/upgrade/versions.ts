// The released Worker and this clone's, side by side in workerd: one D1, one KV, one set of Durable
// Objects, as during a gradual deployment. Which of the two runs the objects is the caller's to say:
// Cloudflare assigns each object to one of the versions.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import * as wrangler from 'wrangler'

export const root = join(import.meta.dirname, '..', '..', '..')
const release = join(import.meta.dirname, 'release')
export const versions = ['old', 'new'] as const
export type Version = (typeof versions)[number]

export const baseUrl = 'http://localhost:8787'
const secrets = {
  TAG_SECRETS: 'upgrade-tag-secret',
  AUTH_SECRETS: 'upgrade-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'upgrade-setup-token',
}
export const setupToken = secrets.SETUP_TOKEN
// Wrangler asks for required secrets in the environment; what counts are the bindings below.
for (const [name, value] of Object.entries(secrets)) process.env[name] ??= value

export type Pair = {
  miniflare: Miniflare
  fetch(version: Version, path: string, init?: RequestInit): Promise<Response>
  drain(version: Version): Promise<void>
}

/** `objects`: the version that runs the Durable Objects. `folder`: where everything is kept. */
export async function startPair(folder: string, objects: Version): Promise<Pair> {
  const { workerOptions } = wrangler.unstable_getMiniflareWorkerOptions(join(root, 'wrangler.toml'))
  const { assets: _files, modulesRules: _rules, ...options } = workerOptions
  const classes = Object.entries(
    options.durableObjects as Record<string, { className: string; useSQLite: boolean }>,
  )
  const worker = (version: Version) => ({
    ...options,
    name: version,
    // The messages of both go to the new version, which knows every kind.
    queueConsumers: version === 'new' ? options.queueConsumers : {},
    bindings: { ...(options.bindings as object), ...secrets, SIGN_IN_PER_MINUTE: '10000' },
    // One namespace for both, whichever runs it, and the same one when the other takes over.
    durableObjects: Object.fromEntries(
      classes.map(([name, { className, useSQLite }]) => [
        name,
        {
          className,
          useSQLite,
          unsafeUniqueKey: `latchkey-${className}`,
          ...(version !== objects && { scriptName: objects }),
        },
      ]),
    ),
    rootPath: folder,
    modules: true as const,
    scriptPath: join(folder, `${version}.js`),
  })
  const all = { resourcePersistencePath: join(folder, 'kept'), workers: versions.map(worker) }
  const miniflare = new Miniflare(convertV4MiniflareOptions(all as never))
  await miniflare.ready
  return {
    miniflare,
    async fetch(version, path, init) {
      const fetcher = await miniflare.getWorker(version)
      return (await fetcher.fetch(baseUrl + path, init as never)) as unknown as Response
    },
    async drain(version) {
      const fetcher = await miniflare.getWorker(version)
      await fetcher.scheduled({ cron: '* * * * *' })
    },
  }
}

/** Writes both versions' code into the folder. */
export function unpackVersions(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'old.js'),
    brotliDecompressSync(readFileSync(join(release, 'worker.js.br'))),
  )
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  mkdirSync(join(root, 'dist', 'dashboard'), { recursive: true })
  const args = [program, 'deploy', '--dry-run', '--outdir', join(folder, 'bundle')]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder }
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, timeout: 120_000 })
  if (status !== 0) throw new Error(`The bundle failed: ${stderr}`)
  writeFileSync(join(folder, 'new.js'), readFileSync(join(folder, 'bundle', 'index.js')))
}

/** The migrations that the release knew, with the digests they had then. */
export function releasedMigrations(): Record<string, string> {
  return JSON.parse(readFileSync(join(release, 'release.json'), 'utf8')).migrations
}

export function digestOf(file: string): string {
  return createHash('sha256')
    .update(readFileSync(join(root, 'migrations', file)))
    .digest('hex')
}

/** Applies migrations as wrangler does: in order, each whole or not at all. */
export async function migrate(
  { miniflare }: Pair,
  which: (file: string) => boolean,
): Promise<string[]> {
  const db = await miniflare.getD1Database('DB', 'new')
  const files = readdirSync(join(root, 'migrations')).filter((file) => file.endsWith('.sql'))
  const chosen = files.sort().filter(which)
  for (const file of chosen) {
    const text = readFileSync(join(root, 'migrations', file), 'utf8')
    await db.batch(wrangler.unstable_splitSqlQuery(text).map((sql) => db.prepare(sql)))
  }
  return chosen
}

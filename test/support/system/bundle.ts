// The Worker in modules, as `wrangler deploy` uploads it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { buildWorker } from '../../../scripts/build-worker.mjs'
import { root } from '../../../scripts/settings.ts'

const configOf = (tree: string) => join(tree, 'test', 'support', 'latchkey.config.ts')

type Source = {
  /** The folder of the result. */
  folder: string
  /** Another entry than src/index.ts: absolute. */
  entry?: string
  define?: Record<string, string>
}

/** Options of Miniflare. */
export type Modules = { modulesRoot: string; modules: { type: 'ESModule'; path: string }[] }

/** Builds this clone with the configuration of the tests. */
export async function bundle({ folder, ...choices }: Source): Promise<Modules> {
  await buildWorker(folder, { config: configOf(root), ...choices })
  return modulesIn(folder, choices.entry)
}

/** What was built of an entry: its module first. */
export function modulesIn(folder: string, entry = 'index.ts'): Modules {
  const main = basename(entry).replace(/\.ts$/, '.js')
  const others = readdirSync(folder).filter((file) => file.endsWith('.js') && file !== main)
  const modules = [main, ...others].map((file) => ({
    type: 'ESModule' as const,
    path: join(folder, file),
  }))
  return { modulesRoot: folder, modules }
}

type Tree = {
  folder: string
  tree: string
  /** Uses latchkey.config.ts of the tree instead of the configuration of the tests. */
  shipped?: boolean
}

/** What wrangler uploads for another tree, by its wrangler.toml. */
export function uploadOf({ folder, tree, shipped = false }: Tree): Modules {
  mkdirSync(folder, { recursive: true })
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = [program, 'deploy', '--dry-run', '--outdir', folder]
  // Builds without build-worker.mjs, of which the first upgrade begins.
  if (!shipped) args.push('--alias', `#config:${configOf(tree)}`)
  const env = {
    ...process.env,
    ...(!shipped && { LATCHKEY_CONFIG: configOf(tree) }),
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_PATH: folder,
    CLOUDFLARE_ENV: '',
  }
  const options = { cwd: tree, env, encoding: 'utf8', timeout: 180_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options)
  if (status !== 0) throw new Error(`The bundle failed: ${stdout}${stderr}`)
  return modulesIn(folder)
}

export function compatibilityDate(): string {
  const date = unstable_readConfig({ config: join(root, 'wrangler.toml') }).compatibility_date
  if (date === undefined) throw new Error('wrangler.toml has no compatibility_date.')
  return date
}

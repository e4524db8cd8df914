// Workers as `wrangler deploy` uploads them: one file.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { root } from '../../../scripts/settings.ts'

type Source = {
  /** The folder of the result and of wrangler's logs. */
  folder: string
  /** The tree whose wrangler.toml is used, this clone by default. */
  tree?: string
  /** Uses latchkey.config.ts of the tree instead of the configuration of the tests. */
  shipped?: boolean
  /** Replaces wrangler.toml: another entry and its settings. */
  config?: { name: string; main: string } & Record<string, unknown>
}

/** @returns the path of the file. */
export function bundle({ folder, tree = root, shipped = false, config }: Source): string {
  mkdirSync(folder, { recursive: true })
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = [program, 'deploy', '--dry-run', '--outdir', folder]
  if (config) {
    const path = join(folder, 'wrangler.json')
    writeFileSync(path, JSON.stringify({ compatibility_date: compatibilityDate(), ...config }))
    args.push('--config', path)
  }
  const testConfig = join(tree, 'test', 'support', 'latchkey.config.ts')
  if (!shipped) args.push('--alias', `#config:${testConfig}`)
  const settings = { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder, CLOUDFLARE_ENV: '' }
  const env = { ...process.env, ...settings }
  const options = { cwd: tree, env, encoding: 'utf8', timeout: 180_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options)
  if (status !== 0) throw new Error(`The bundle failed: ${stdout}${stderr}`)
  return join(folder, basename(config?.main ?? 'index.ts').replace(/\.ts$/, '.js'))
}

export function compatibilityDate(): string {
  const date = unstable_readConfig({ config: join(root, 'wrangler.toml') }).compatibility_date
  if (date === undefined) throw new Error('wrangler.toml has no compatibility_date.')
  return date
}

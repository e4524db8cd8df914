// Workers bundled and minified by wrangler, as `wrangler deploy` uploads them.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, workFolder } from './places.ts'

export const compatibilityDate = readCompatibility()

/** The Worker as one file. If not minified, functions keep their names for a profile. */
export function bundle(name: string, main: string, minify = true): string {
  const folder = join(workFolder, name)
  mkdirSync(folder, { recursive: true })
  const config = { name, main, compatibility_date: compatibilityDate, minify, keep_names: false }
  const path = join(folder, 'wrangler.json')
  writeFileSync(path, JSON.stringify(config))
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = [program, 'deploy', '--dry-run', '--outdir', folder, '--config', path]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder }
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: 180_000,
  })
  if (status !== 0) throw new Error(`Bundling ${main} failed: ${stderr}`)
  return join(folder, `${main.replace(/^.*\//, '').replace(/\.ts$/, '')}.js`)
}

function readCompatibility(): string {
  const text = readFileSync(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date = "(.*)"/m.exec(text)?.[1]
  if (date === undefined) throw new Error('wrangler.toml has no compatibility_date.')
  return date
}

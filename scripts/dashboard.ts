// Builds the pages, which are the dashboard and the portal, when their sources have changed since the last build.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Refusal, root } from './settings.ts'

const pages = ['index.html', 'portal.html'].map((name) => join(root, 'dist', 'dashboard', name))
/** In this order: the first empties the folder. */
const configs = ['vite.config.ts', 'vite.portal.config.ts']
const stamp = join(root, '.wrangler', 'dashboard.stamp')

export function buildDashboard(): void {
  const sources = fingerprint()
  const isBuilt = pages.every((page) => existsSync(page)) && existsSync(stamp)
  if (isBuilt && readFileSync(stamp, 'utf8') === sources) return
  for (const config of configs) build(config)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, sources)
  console.log('Built the dashboard and the portal.')
}

function build(config: string): void {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const args = [vite, 'build', '--config', config, '--logLevel', 'warn']
  const built = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (built.status !== 0) {
    throw new Refusal(`The build of ${config} failed.\n${built.stdout}${built.stderr}`)
  }
}

/** Changes whenever a file does that the build reads. */
function fingerprint(): string {
  const hash = createHash('sha256')
  const files = globSync(
    [
      ...['src/dashboard/**/*', 'src/portal-page/**/*', ...configs],
      ...['package-lock.json', 'scripts/served-docs.ts'],
      ...['docs/**/*', 'packages/latchkey/{README.md,package.json}'],
    ],
    // Of the compiler: a build after `npm run check` would reload every server that runs from this folder.
    { cwd: root, exclude: ['**/*.tsbuildinfo'] },
  )
  for (const file of files.sort()) {
    const path = join(root, file)
    if (!statSync(path).isFile()) continue
    hash.update(file).update('\0').update(readFileSync(path))
  }
  return hash.digest('hex')
}

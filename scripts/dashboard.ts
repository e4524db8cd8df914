// Builds the dashboard when its sources have changed since the last build.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Refusal, root } from './settings.ts'

const page = join(root, 'dist', 'dashboard', 'index.html')
const stamp = join(root, '.wrangler', 'dashboard.stamp')

export function buildDashboard(): void {
  const sources = fingerprint()
  if (existsSync(page) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const built = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (built.status !== 0) {
    throw new Refusal(`The dashboard could not be built.\n${built.stdout}${built.stderr}`)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, sources)
  console.log('Built the dashboard.')
}

/** Changes whenever a file does that the build reads. */
function fingerprint(): string {
  const hash = createHash('sha256')
  const files = globSync(['src/dashboard/**/*', 'vite.config.ts', 'package-lock.json'], {
    cwd: root,
  })
  for (const file of files.sort()) {
    const path = join(root, file)
    if (!statSync(path).isFile()) continue
    hash.update(file).update('\0').update(readFileSync(path))
  }
  return hash.digest('hex')
}

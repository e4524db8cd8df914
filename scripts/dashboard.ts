// The one place where the dashboard is built, once there is one: `npm run build:dashboard`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal, root } from './settings.ts'

export function hasDashboard(): boolean {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return scripts?.['build:dashboard'] !== undefined
}

export function buildDashboard(): void {
  if (!hasDashboard()) return
  const built = spawnSync('npm run --silent build:dashboard', {
    cwd: root,
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (built.status === 0) return
  throw new Refusal(`The dashboard could not be built.\n${built.stdout}${built.stderr}`)
}

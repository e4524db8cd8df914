// The machine and the versions that the figures belong to.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem, type } from 'node:os'
import { benchFolder, root } from './places.ts'

export type Machine = {
  /** `--quick`: only shows that the command works; the figures must not be quoted. */
  isTrial: boolean
  date: string
  cpu: string
  cores: number
  memoryGb: number
  system: string
  /** Load of the machine before the first measurement, over one minute. */
  load: number
  commit: string
  versions: Record<string, string>
}

export function describeMachine(): Machine {
  return {
    isTrial: process.argv.includes('--quick'),
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()}, ${type()} ${release()}`,
    load: Number(loadavg()[0]?.toFixed(2)),
    commit: commitOf(),
    versions: {
      node: process.versions.node,
      ...versionsOf(root, ['workerd', 'miniflare', 'wrangler', 'hono', 'zod', 'drizzle-orm']),
      ...versionsOf(benchFolder, ['better-auth', '@better-auth/api-key']),
      wrk: wrkVersion(),
    },
  }
}

function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' })
  try {
    const changes = git('status', '--porcelain', '--', 'src', 'latchkey.config.ts').trim()
    return git('rev-parse', '--short', 'HEAD').trim() + (changes === '' ? '' : ' with changes')
  } catch {
    return 'unknown'
  }
}

function versionsOf(folder: string, names: string[]): Record<string, string> {
  const versions: Record<string, string> = {}
  for (const name of names) {
    try {
      const file = readFileSync(`${folder}/node_modules/${name}/package.json`, 'utf8')
      versions[name] = (JSON.parse(file) as { version: string }).version
    } catch {
      // Not installed: `npm run bench` alone needs the peers.
    }
  }
  return versions
}

function systemName(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? platform()
}

function wrkVersion(): string {
  try {
    // wrk prints its version and exits with 1.
    const output = execFileSync('sh', ['-c', 'wrk --version 2>&1 || true'], { encoding: 'utf8' })
    return /^wrk (\S+)/.exec(output)?.[1] ?? 'absent'
  } catch {
    return 'absent'
  }
}

// The previous version: the Worker of the commit in baseline.json, bundled from git's history with the packages
// of this clone, and cached under .wrangler by its commit.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { uploadOf } from '../../support/system/bundle.ts'
import { root } from '../../support/system/launch.ts'

export type Baseline = {
  script: string
  /** The SHA-256 of each of its migrations. */
  migrations: Record<string, string>
}

const { commit } = JSON.parse(readFileSync(join(import.meta.dirname, 'baseline.json'), 'utf8'))
const cached = join(root, '.wrangler', 'baseline', commit)
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' })

/** Why there is no version to upgrade from, or null. */
export function missingBaseline(): string | null {
  if (existsSync(cached)) return null
  try {
    git('cat-file', '-e', `${commit}^{commit}`)
    return null
  } catch {
    return `Commit ${commit} of baseline.json is not in this clone: git fetch --unshallow.`
  }
}

export function readBaseline(): Baseline {
  if (!existsSync(cached)) build()
  const migrations = JSON.parse(readFileSync(join(cached, 'migrations.json'), 'utf8'))
  return { script: join(cached, 'worker.js'), migrations }
}

function build(): void {
  const draft = `${cached}.${process.pid}`
  const tree = join(draft, 'tree')
  mkdirSync(join(tree, 'dist', 'dashboard'), { recursive: true })
  git('archive', '--output', join(draft, 'tree.tar'), commit)
  execFileSync('tar', ['-xf', join(draft, 'tree.tar'), '-C', tree])
  // Some modules name files of packages by their paths.
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'junction')
  uploadOf({ folder: join(draft, 'bundle'), tree })
  copyFileSync(join(draft, 'bundle', 'index.js'), join(draft, 'worker.js'))
  writeFileSync(join(draft, 'migrations.json'), JSON.stringify(digests(join(tree, 'migrations'))))
  for (const part of ['tree', 'tree.tar', 'bundle']) rmSync(join(draft, part), { recursive: true })
  renameSync(draft, cached)
}

function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  return Object.fromEntries(files.sort().map((file) => [file, digestOf(join(folder, file))]))
}

export function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

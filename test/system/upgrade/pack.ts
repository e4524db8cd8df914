// `node test/system/upgrade/pack.ts COMMIT`: bundles the Worker of a commit, as wrangler would deploy it, into
// test/system/upgrade/release/, so that the test needs no history. Run when a version has been released.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const root = join(import.meta.dirname, '..', '..', '..')
const folder = join(root, 'test', 'upgrade', 'release')
const [wanted] = process.argv.slice(2)
if (wanted === undefined) throw new Error('Usage: node test/system/upgrade/pack.ts COMMIT')
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const commit = git('rev-parse', wanted)

const tree = mkdtempSync(join(tmpdir(), 'latchkey-release-'))
try {
  git('worktree', 'add', '--detach', '--force', tree, commit)
  // The installed packages: the lock file of the commit must be the one of this clone.
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  mkdirSync(join(tree, 'dist', 'dashboard'), { recursive: true })
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const out = join(tree, 'bundle')
  execFileSync(process.execPath, [program, 'deploy', '--dry-run', '--outdir', out], { cwd: tree })
  const script = readFileSync(join(out, 'index.js'), 'utf8').replace(
    /\/\/# sourceMappingURL.*\s*$/,
    '',
  )
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'worker.js.br'), brotliCompressSync(script, { params }))
  const release = { commit, migrations: digests(join(tree, 'migrations')) }
  writeFileSync(join(folder, 'release.json'), `${JSON.stringify(release, null, 2)}\n`)
} finally {
  git('worktree', 'remove', '--force', tree)
  rmSync(tree, { recursive: true, force: true })
}

/** The migrations that the release knew, by their SHA-256. */
function digests(path: string): Record<string, string> {
  const files = readdirSync(path).filter((file) => file.endsWith('.sql'))
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(path, file)))
      .digest('hex')
  return Object.fromEntries(files.sort().map((file) => [file, digest(file)]))
}

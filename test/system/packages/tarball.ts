// The tarball of packages/latchkey, as `npm publish` would send it: packed once for all files of a test run, since packing
// replaces the build of the workspace, which other tests import.
import { equal } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'

// The global set-up makes one for all files; a file that runs without it has its own.
const shared = process.env.LATCHKEY_TARBALL
let own: string | null = null

/** The path of the tarball. */
export function packed(): string {
  own ??= shared === undefined ? mkdtempSync(join(tmpdir(), 'latchkey-tarball-')) : null
  const folder = shared ?? own ?? ''
  for (;;) {
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
    if (tarball !== undefined) return join(folder, tarball)
    const lock = join(folder, 'lock')
    if (isTaken(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    else pack(folder, lock)
  }
}

/** Another file is packing: its tarball, or the end of its lock, is waited for. */
function isTaken(lock: string): boolean {
  try {
    mkdirSync(lock)
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return true
  }
}

function pack(folder: string, lock: string): void {
  const source = join(root, 'packages', 'latchkey')
  const made = mkdtempSync(join(tmpdir(), 'latchkey-pack-'))
  try {
    // An earlier dist must not replace the one that `prepack` builds.
    removeFolder(join(source, 'dist'))
    run('npm', ['pack', '--pack-destination', made], source)
    for (const name of readdirSync(made)) renameSync(join(made, name), join(folder, name))
  } finally {
    rmdirSync(lock)
    removeFolder(made)
  }
}

/** That of a file that runs alone. */
export function removePacked(): void {
  if (own !== null) removeFolder(own)
  own = null
}

/** What the program prints. @throws AssertionError with all of its output where it fails. */
export function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  equal(status, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

// Runs before `npm start` and `npm test`: installs when node_modules differs from package-lock.json.
// It must not import dependencies, and must run on the Node (18 or later) of the machine.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lockFile = join(root, '.wrangler', 'install.lock')

// Wrangler requires the folder of the static files before the first build.
mkdirSync(join(root, 'dist', 'dashboard'), { recursive: true })

if (!isInstalled()) {
  acquireLock()
  try {
    // The previous owner of the lock may have installed.
    if (!isInstalled()) install()
  } finally {
    rmSync(lockFile, { force: true })
  }
}

/** npm writes node_modules/.package-lock.json last, so an install that was cut off has none. */
function isInstalled() {
  const required = packagesOf('package-lock.json')
  const found = packagesOf('node_modules/.package-lock.json')
  if (!required || !found || !hasNode()) return false
  // npm leaves out the optional packages of other platforms.
  const isMissing = ([path, entry]) =>
    path !== '' && !found[path] && !entry.optional && !entry.devOptional
  const differs = ([path, entry]) =>
    required[path]?.version !== entry.version || required[path]?.integrity !== entry.integrity
  return !Object.entries(required).some(isMissing) && !Object.entries(found).some(differs)
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  } catch {
    return null
  }
}

/** The `node` package gets its binary from an install script: `--ignore-scripts` leaves it out. */
function hasNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const stripsTypes = major > 22 || (major === 22 && minor >= 18)
  return stripsTypes || existsSync(join(root, 'node_modules', '.bin', 'node'))
}

function install() {
  // `npm ci` empties node_modules first, also through a link: that folder may belong to another clone.
  const link = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()
  if (link)
    fail('node_modules is a link and out of date. Install where it points to, or remove it.')
  console.log('Installing the packages of package-lock.json (once; this takes a while) …')
  // NODE_ENV=production would leave out wrangler and Node itself. Warnings: Node 20 is too old for
  // some packages, which is why one of them is Node 24.
  const options = [
    'ci',
    '--include=dev',
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ]
  const { status, error } = runNpm(options)
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : '.'}`)
  if (!hasNode()) {
    fail(
      'npm skipped install scripts. Run: npm rebuild node esbuild workerd --ignore-scripts=false',
    )
  }
}

function runNpm(options) {
  const npm = process.env.npm_execpath
  const isNpm = npm !== undefined && basename(npm).startsWith('npm')
  // The Node that runs npm, not the one in node_modules, which is about to be replaced.
  const node = process.env.npm_node_execpath ?? process.execPath
  return isNpm
    ? spawnSync(node, [npm, ...options], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', options, { cwd: root, stdio: 'inherit', shell: true })
}

/** Concurrent runs of `npm start` and `npm test` in a fresh clone must not delete each other's files. */
function acquireLock() {
  mkdirSync(join(root, '.wrangler'), { recursive: true })
  for (;;) {
    try {
      return writeFileSync(lockFile, String(process.pid), { flag: 'wx' })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isHeld()) rmSync(lockFile, { force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
}

function isHeld() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'))
    // Empty for the moment between its creation and its first byte.
    if (pid > 0) process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function fail(sentence) {
  console.error(sentence)
  rmSync(lockFile, { force: true })
  process.exit(1)
}

// `wrangler dev` as a child process: starts it, detects that it is ready, and stops it with all its processes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type DevRegistry, privateRegistry } from './dev-registry.ts'
import { root, type Settings } from './settings.ts'
import { WranglerOutput } from './wrangler-output.ts'

export const compileCache = join(root, '.wrangler', 'compile-cache')
const graceMs = 5_000
const isWindows = process.platform === 'win32'

export type Wrangler = {
  output: WranglerOutput
  /** Resolves when wrangler reports that it listens. */
  listening: Promise<void>
  /** Resolves with the reason as a sentence when it has exited. */
  exit: Promise<string>
  stop: () => Promise<void>
  /** For an exit that cannot wait. */
  kill: () => void
}

/**
 * Environment for wrangler, here or in a child: no network, nothing written outside the state folder.
 * @param registry where other Workers find this one; by default none does.
 */
export function wranglerEnv(
  { stateDir }: Settings,
  registry = privateRegistry(stateDir),
): Record<string, string> {
  return {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    // With the banner, wrangler also checks for updates.
    WRANGLER_HIDE_BANNER: 'true',
    // Otherwise `Request.cf` is fetched: up to three seconds without a network. It is a placeholder anyway.
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_LOG_PATH: join(stateDir, 'logs'),
    // wrangler reads both, the second one first.
    WRANGLER_REGISTRY_PATH: registry.path,
    CLOUDFLARE_DEV_REGISTRY_PATH: registry.path,
    // Extra Workers that wrangler adds: they take a quarter of a second of every start.
    X_LOCAL_EXPLORER: process.env.X_LOCAL_EXPLORER ?? 'false',
    X_LOCAL_OBSERVABILITY: process.env.X_LOCAL_OBSERVABILITY ?? 'false',
    // Otherwise it could select another `.dev.vars`.
    CLOUDFLARE_ENV: '',
    // Wrangler is 18 MB of JavaScript: the cache saves a third of a second per start.
    NODE_COMPILE_CACHE: compileCache,
  }
}

export function startWrangler(settings: Settings, registry?: DevRegistry): Wrangler {
  const child = spawn(process.execPath, wranglerArguments(settings), {
    cwd: root,
    env: {
      ...process.env,
      ...wranglerEnv(settings, registry),
      ...buildEnv(settings),
      WRANGLER_LOG: 'log',
      ...(process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // In a process group, so that workerd can be signalled after wrangler has exited.
    detached: !isWindows,
  })
  const output = new WranglerOutput()
  if (child.stdout && child.stderr) output.read(child.stdout, child.stderr)
  return {
    output,
    listening: listening(child),
    exit: exit(child),
    stop: () => stop(child, output),
    kill: () => signalGroup(child, 'SIGKILL'),
  }
}

/** For build-worker.mjs: each server has its own modules, so that none reloads those of another. */
function buildEnv({ stateDir, config }: Settings): Record<string, string> {
  return { WORKER_FOLDER: join(stateDir, 'worker'), ...(config && { LATCHKEY_CONFIG: config }) }
}

function wranglerArguments({ port, stateDir, baseUrl, keepsMail }: Settings): string[] {
  const packageFile = createRequire(import.meta.url).resolve('wrangler/package.json')
  return [
    ...['--import', pathToFileURL(join(root, 'scripts', 'exit-with-parent.ts')).href],
    ...[join(dirname(packageFile), 'bin', 'wrangler.js'), 'dev'],
    // Without a configuration, wrangler would look for one beside the modules.
    ...[join(stateDir, 'worker', 'index.js'), '--config', join(root, 'wrangler.toml')],
    // `localhost` is bound on 127.0.0.1 and on ::1; 0 is any free port.
    ...['--ip', 'localhost', '--port', String(port), '--inspector-port', '0'],
    ...['--persist-to', stateDir, '--show-interactive-dev-session=false'],
    ...['--var', `BASE_URL:${baseUrl}`, '--var', 'SIGN_IN_PER_MINUTE:10000'],
    ...['--var', 'WEBHOOKS_TO_LOCALHOST:yes'],
    ...['--var', `DEV_MAIL:${keepsMail ? 'yes' : 'no'}`],
  ]
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (String(message).includes('DEV_SERVER_READY')) resolve()
    })
  })
}

async function exit(child: ChildProcess): Promise<string> {
  const [code, signal] = await Promise.race([
    once(child, 'exit') as Promise<[number | null, string | null]>,
    once(child, 'error').then(([error]) => [null, String(error)]),
  ])
  // Its last output may still be in the pipe.
  await sleep(200)
  return signal ? `wrangler was stopped by ${signal}.` : `wrangler ended with code ${code}.`
}

async function stop(child: ChildProcess, output: WranglerOutput): Promise<void> {
  output.close()
  signalGroup(child, 'SIGTERM')
  const deadline = Date.now() + graceMs
  while (isGroupAlive(child) && Date.now() < deadline) await sleep(20)
  signalGroup(child, 'SIGKILL')
}

/** Windows has no process groups; there wrangler ends its workerd itself. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false
  try {
    return isWindows ? child.kill(signal) : process.kill(-child.pid, signal)
  } catch {
    return false
  }
}

function isGroupAlive(child: ChildProcess): boolean {
  return isWindows ? child.exitCode === null : signalGroup(child, 0)
}

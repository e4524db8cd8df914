// Starts programs of this clone: `npm start`, or the Worker on empty databases.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import { buildDashboard } from '../../../scripts/dashboard.ts'
import { prepareDatabases } from '../../../scripts/databases.ts'
import { ensureDevVars } from '../../../scripts/dev-vars.ts'
import { freePort } from '../../../scripts/free-port.ts'
import { root, type Settings } from '../../../scripts/settings.ts'
import { startWrangler, wranglerEnv } from '../../../scripts/wrangler.ts'
import { removeFolder } from './remove-folder.ts'

export { root }

// For database.ts: wrangler reads it, here and in the programs that are started.
process.env.X_LOCAL_EXPLORER = 'true'

export type Server = {
  url: string
  port: number
  stateDir: string
  /** What it has printed. */
  output(): string
  /** `SIGKILL` simulates a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

type Options = {
  port?: number
  /** Kept after the end; without it, the state is removed with the server. */
  stateDir?: string
  /** `shipped`: latchkey.config.ts as it is in this clone. `tests`: independent of a deployer's changes. */
  config?: 'shipped' | 'tests'
  /** Another one, by its absolute path. */
  configFile?: string
  command?: 'npm start' | 'node scripts/start.ts'
  /** Mail is kept, as after `npm start`; without it there is none, and invitations are links. */
  mail?: boolean
  /** Beside the environment of the tests; undefined removes a variable. */
  env?: NodeJS.ProcessEnv
}

const testConfig = join(root, 'test', 'support', 'latchkey.config.ts')
const startTimeoutMs = 180_000
const stopTimeoutMs = 10_000

export async function startLatchkey(options: Options = {}): Promise<Server> {
  const { config = 'tests', configFile = testConfig, command = 'node scripts/start.ts' } = options
  const port = options.port ?? (await freePort())
  const url = `http://localhost:${port}`
  const stateDir = options.stateDir ?? temporaryFolder()
  const [program, ...args] =
    command === 'npm start' ? ['npm', 'start'] : [process.execPath, 'scripts/start.ts']
  const child = spawn(program, args, {
    cwd: root,
    env: {
      ...process.env,
      // Latchkeys of tests must not find each other in the registry of the machine.
      WRANGLER_REGISTRY_PATH: join(stateDir, 'registry'),
      PORT: String(port),
      LATCHKEY_STATE: stateDir,
      DEV_MAIL: options.mail ? 'yes' : 'no',
      ...(config === 'tests' && { LATCHKEY_CONFIG: configFile }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: npm, its shell and the program end together.
    detached: true,
  })
  const kill = () => signalGroup(child, 'SIGKILL')
  process.once('exit', kill)
  const output = await ready(child, `Latchkey is ready on ${url}`)
  return {
    url,
    port,
    stateDir,
    output,
    async stop(signal = 'SIGTERM') {
      const gone = child.exitCode === null ? once(child, 'exit') : null
      signalGroup(child, signal)
      await Promise.race([gone, sleep(stopTimeoutMs, null, { ref: false })])
      kill()
      process.off('exit', kill)
      if (options.stateDir === undefined) removeFolder(stateDir)
    },
  }
}

/** The Worker on databases that are migrated and empty, as after a first deployment: there is no owner. */
export async function startEmpty(): Promise<Server> {
  const port = await freePort()
  const stateDir = temporaryFolder()
  const url = `http://localhost:${port}`
  const of = { port, stateDir, baseUrl: url, config: testConfig }
  const settings: Settings = { ...of, keepsMail: false }
  Object.assign(process.env, wranglerEnv(settings))
  ensureDevVars(join(root, '.dev.vars'))
  buildDashboard()
  await prepareDatabases(settings, null)
  const wrangler = startWrangler(settings)
  const exited = wrangler.exit.then((sentence) => {
    throw new Error(`${sentence}\n${wrangler.output.withheld()}`)
  })
  exited.catch(() => {})
  await Promise.race([wrangler.listening, exited])
  return {
    url,
    port,
    stateDir,
    output: wrangler.output.withheld,
    async stop() {
      await wrangler.stop()
      removeFolder(stateDir)
    },
  }
}

/** A secret of this clone, which the first `npm start` wrote. */
export function secretOf(name: 'DEMO_PASSWORD' | 'SETUP_TOKEN'): string {
  const secret = parseEnv(readFileSync(join(root, '.dev.vars'), 'utf8'))[name]
  if (!secret) throw new Error(`.dev.vars has no ${name}.`)
  return secret
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'latchkey-test-'))
}

async function ready(child: ChildProcess, lastLine: string): Promise<() => string> {
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const take = (chunk: Buffer) => {
    output += chunk
    if (output.includes(lastLine)) resolve()
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  const fail = (why: string) => reject(new Error(`Latchkey ${why}\n${output}`))
  child.once('exit', (code) => fail(`ended with ${code}.`))
  const timer = setTimeout(() => fail('took too long to start.'), startTimeoutMs)
  await promise.finally(() => clearTimeout(timer))
  return () => output
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal)
  } catch {
    // It has exited already.
  }
}

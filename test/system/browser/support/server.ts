// The real `npm start`, on a free port and with a state of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { freePort } from '../../../../scripts/free-port.ts'
import { startWrangler, wranglerEnv } from '../../../../scripts/wrangler.ts'

export const root = fileURLToPath(new URL('../../../..', import.meta.url))

export type Server = { url: string; stop: () => Promise<void> }

const wranglerBin = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
const startTimeoutMs = 180_000
const stopTimeoutMs = 10_000

export async function startLatchkey(): Promise<Server> {
  const port = await freePort()
  const stateDir = mkdtempSync(join(tmpdir(), 'latchkey-e2e-'))
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), LATCHKEY_STATE: stateDir },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const url = `http://localhost:${port}`
  await ready(child, `Latchkey is ready on ${url}`)
  return {
    url,
    async stop() {
      const gone = once(child, 'exit')
      signal(child, 'SIGTERM')
      await Promise.race([gone, sleep(stopTimeoutMs, null, { ref: false })])
      signal(child, 'SIGKILL')
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

/** The Worker on migrated, empty databases, as after a first deployment. */
export async function startEmpty(): Promise<Server> {
  const port = await freePort()
  const stateDir = mkdtempSync(join(tmpdir(), 'latchkey-e2e-empty-'))
  const url = `http://localhost:${port}`
  const settings = { port, stateDir, baseUrl: url }
  const applied = spawnSync(
    process.execPath,
    [wranglerBin, 'd1', 'migrations', 'apply', 'latchkey', '--local', '--persist-to', stateDir],
    { cwd: root, env: { ...process.env, ...wranglerEnv(settings), CI: 'true' }, encoding: 'utf8' },
  )
  if (applied.status !== 0) throw new Error(`Migrating failed.\n${applied.stdout}${applied.stderr}`)
  const wrangler = startWrangler(settings)
  const died = wrangler.death.then((sentence) => {
    throw new Error(`${sentence}\n${wrangler.output.withheld()}`)
  })
  died.catch(() => {})
  await Promise.race([wrangler.listening, died])
  return {
    url,
    async stop() {
      await wrangler.stop()
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

export function secretOf(name: 'DEMO_PASSWORD' | 'SETUP_TOKEN'): string {
  const secret = parseEnv(readFileSync(join(root, '.dev.vars'), 'utf8'))[name]
  if (!secret) throw new Error(`.dev.vars has no ${name}.`)
  return secret
}

async function ready(child: ChildProcess, lastLine: string): Promise<void> {
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const take = (chunk: Buffer) => {
    output += chunk
    if (output.includes(lastLine)) resolve()
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  const fail = (why: string) => reject(new Error(`npm start ${why}\n${output}`))
  child.once('exit', (code) => fail(`ended with ${code}.`))
  const timer = setTimeout(() => fail('took too long.'), startTimeoutMs)
  await promise.finally(() => clearTimeout(timer))
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, name)
  } catch {
    // It has already exited.
  }
}

// A Worker in a folder of its own, started by its own `wrangler dev` without any setting, finds a running `npm start`. The home
// folder, where wrangler keeps the registry of the machine, is one of this test.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { machineRegistry } from '../../../scripts/dev-registry.ts'
import { freePort } from '../../../scripts/free-port.ts'
import { root, type Server, secretOf, startLatchkey } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { demoOwner, sendTo, signIn } from '../../support/system/sign-in.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { until } from '../../support/system/until.ts'

/**
 * The newest date of workerd 1.20260426, which wrangler 4.86 brings: the last one for Node 20 (`npm view wrangler@4.86 engines`).
 * A later wrangler runs earlier dates.
 */
const newestDateOfNode20 = '2026-04-26'
const startTimeoutMs = 180_000
const stopTimeoutMs = 10_000
const wrangler = createRequire(import.meta.url).resolve('wrangler/package.json')

type Worker = {
  get(key?: string): Promise<{ status: number; text: string }>
  output(): string
  stop(): Promise<void>
}

export function testDevRegistry(): void {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-registry-'))
  const env = {
    HOME: join(folder, 'home'),
    XDG_CONFIG_HOME: undefined,
    WRANGLER_REGISTRY_PATH: undefined,
    CLOUDFLARE_DEV_REGISTRY_PATH: undefined,
  }
  const registry = join(env.HOME, '.config', '.wrangler', 'registry')
  let first: Server
  let second: Server

  before(
    async () => {
      await leaveDeadEntry(registry)
      first = await startLatchkey({ env })
      second = await startLatchkey({ env })
    },
    { timeout: suiteTimeoutMs },
  )
  after(async () => {
    await Promise.all([first?.stop(), second?.stop()])
    removeFolder(folder)
  })

  for (const path of ['examples/hono-worker/wrangler.toml', 'docs/integrate/hono-workers.md']) {
    it(`${path} has a compatibility date that the wrangler of Node 20 and of Node 22 can run`, () => {
      const text = readFileSync(join(root, path), 'utf8')
      const date = text.match(/^compatibility_date = "(\d{4}-\d{2}-\d{2})"$/m)?.[1]
      ok(date !== undefined && date <= newestDateOfNode20, date)
    })
  }

  it('finds the registry where wrangler keeps it', () => {
    const of = (more: NodeJS.ProcessEnv, platform?: NodeJS.Platform) =>
      machineRegistry({ ...more }, platform)
    const rest = ['.wrangler', 'registry']
    equal(of({ WRANGLER_REGISTRY_PATH: '/a' }), '/a')
    equal(of({ WRANGLER_REGISTRY_PATH: '/a', CLOUDFLARE_DEV_REGISTRY_PATH: '/b' }), '/b')
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      equal(of({ XDG_CONFIG_HOME: '/x' }, platform), join('/x', ...rest))
    }
    equal(of({}, 'linux'), join(homedir(), '.config', ...rest))
    equal(of({}, 'darwin'), join(homedir(), 'Library', 'Preferences', ...rest))
    equal(of({ APPDATA: '/app' }, 'win32'), join('/app', 'xdg.config', ...rest))
  })

  it('says under which name Workers bind to the first one, although a killed one left its entry', () => {
    match(first.output(), /^Workers of this machine can bind to it as "latchkey"\.$/m)
    match(first.output(), /\nLatchkey is ready on \S+\n/)
  })

  it('says that a second one keeps a registry of its own, and how to bind to it', () => {
    match(
      second.output(),
      /^Another "latchkey" runs on this machine, .*keeps its own dev registry/m,
    )
    equal(registryOf(second), join(second.stateDir, 'registry'))
  })

  it('binds to the first one with no setting, and to the second one by its registry', async () => {
    const keys = [await createKey(first), await createKey(second)] as const
    for (const [at, more] of [{}, { WRANGLER_REGISTRY_PATH: registryOf(second) }].entries()) {
      const worker = await startExample(join(folder, `worker-${at}`), { ...env, ...more })
      try {
        equal((await worker.get()).status, 401)
        const statuses = []
        for (const key of keys) statuses.push((await worker.get(key)).status)
        deepEqual(statuses, at === 0 ? [200, 401] : [401, 200])
      } finally {
        await worker.stop()
      }
    }
  })

  it('answers 503 when Latchkey has stopped, and works again when it is back', async () => {
    const key = await createKey(first)
    const worker = await startExample(join(folder, 'worker-2'), env)
    try {
      equal((await worker.get(key)).status, 200)
      const { stateDir, port } = first
      await first.stop()
      const { code, detail } = await notConnected(worker, key)
      equal(code, 'authority_unavailable')
      match(detail, /Worker "latchkey" not found/)
      match(detail, /The binding needs npm start of latchkey\./)
      first = await startLatchkey({ env, port, stateDir })
      equal((await worker.get(await createKey(first))).status, 200)
      match(worker.output(), /latchkey: no answer: .*Worker "latchkey" not found/)
    } finally {
      await worker.stop()
    }
  })
}

/** The answer once wrangler has noticed that Latchkey is gone; until then calls fail for another reason. */
async function notConnected(worker: Worker, key: string) {
  let problem = { code: '', detail: '' }
  await until(async () => {
    const { status, text } = await worker.get(key)
    equal(status, 503, text)
    problem = JSON.parse(text)
    return problem.detail.includes('not found')
  })
  return problem
}

/** As a Latchkey leaves it that was killed a moment ago. */
async function leaveDeadEntry(registry: string): Promise<void> {
  mkdirSync(registry, { recursive: true })
  const debugPortAddress = `127.0.0.1:${await freePort()}`
  writeFileSync(join(registry, 'latchkey'), JSON.stringify({ debugPortAddress, instanceId: 'x' }))
}

function registryOf(server: Server): string {
  return server.output().match(/WRANGLER_REGISTRY_PATH=(\S+) npx wrangler dev/)?.[1] ?? ''
}

async function createKey({ url }: Server): Promise<string> {
  const cookie = await signIn(sendTo(url), url, demoOwner(secretOf('DEMO_PASSWORD')))
  const response = await fetch(`${url}/api/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, cookie },
    body: JSON.stringify({ name: 'Bound', scopes: ['contacts:read'] }),
  })
  equal(response.status, 201)
  return ((await response.json()) as { data: { key: string } }).data.key
}

/** A copy of the example, with the packages that it imports. */
async function startExample(folder: string, env: NodeJS.ProcessEnv): Promise<Worker> {
  cpSync(join(root, 'examples', 'hono-worker'), folder, { recursive: true })
  mkdirSync(join(folder, 'node_modules'))
  const packages = { hono: 'node_modules/hono', latchkey: 'packages/latchkey' }
  for (const [name, path] of Object.entries(packages)) {
    symlinkSync(join(root, path), join(folder, 'node_modules', name))
  }
  const port = await freePort()
  const bin = join(wrangler, '..', 'bin', 'wrangler.js')
  const args = [bin, 'dev', '--port', String(port), '--inspector-port', '0']
  const more = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', CI: 'true' }
  const child = spawn(process.execPath, [...args, '--show-interactive-dev-session=false'], {
    cwd: folder,
    env: { ...process.env, ...more, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: wrangler starts processes that outlive it when it is killed.
    detached: true,
  })
  const kill = (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(-(child.pid ?? 0), signal)
  }
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  process.once('exit', () => kill('SIGKILL'))
  const deadline = Date.now() + startTimeoutMs
  while (!output.includes('Ready on')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      kill('SIGKILL')
      throw new Error(`wrangler dev is not ready.\n${output}`)
    }
    await sleep(50)
  }
  return {
    output: () => output,
    async get(key) {
      const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key }
      const response = await fetch(`http://localhost:${port}/contacts`, { headers })
      return { status: response.status, text: await response.text() }
    },
    async stop() {
      const exit = once(child, 'exit')
      kill('SIGTERM')
      const timer = setTimeout(kill, stopTimeoutMs, 'SIGKILL')
      await exit
      clearTimeout(timer)
    },
  }
}

// `npm start`: prepares a fresh clone and starts Latchkey. Each step is skipped if it is already done.
// `--dev` (`npm run dev`): the same with hot reload.
import { Agent, get } from 'node:http'
import { enableCompileCache } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildDashboard } from './dashboard.ts'
import { demoAccounts } from './demo-accounts.ts'
import { chooseRegistry, type DevRegistry, machineRegistry } from './dev-registry.ts'
import { ensureDevVars } from './dev-vars.ts'
import { freePort } from './free-port.ts'
import { assertPortIsFree } from './port.ts'
import { Refusal, readSettings, root, type Settings } from './settings.ts'
import { lockState, waitForPredecessor } from './state-lock.ts'
import { compileCache, startWrangler, type Wrangler, wranglerEnv } from './wrangler.ts'
import type { WranglerOutput } from './wrangler-output.ts'

const healthTimeoutMs = 60_000
/** An error need not be fatal (a Worker may log one), but a syntax error should not take a minute to report. */
const errorTimeoutMs = 5_000

/** `npm run dev`: the dashboard from its sources instead of a build. */
const isDev = readArguments()
/** Read before the environment is changed. */
const machine = machineRegistry(process.env)

let releaseState = () => {}
let wrangler: Wrangler | null = null
let stoppingSince: number | null = null

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(0))
process.on('exit', () => {
  wrangler?.kill()
  releaseState()
})
stopWithParent()
await start().catch(fail)

function readArguments(): boolean {
  try {
    return parseArgs({ options: { dev: { type: 'boolean', default: false } } }).values.dev
  } catch (error) {
    console.error(`${(error as Error).message}\nUsage: npm start, or npm run dev`)
    process.exit(2)
  }
}

async function start(): Promise<void> {
  process.chdir(root)
  const settings = readSettings(process.env)
  await waitForPredecessor(settings)
  await assertPortIsFree(settings.port)
  releaseState = await lockState(settings)
  const password = ensureDevVars('.dev.vars')
  if (!isDev) buildDashboard()
  await prepare(settings, password)
  if (stoppingSince !== null) return
  const worker = isDev ? { ...settings, port: await freePort() } : settings
  const registry = await chooseRegistry(machine, settings.stateDir)
  wrangler = startWrangler(worker, registry)
  const exited = wrangler.exit.then((sentence) => {
    if (stoppingSince === null) throw new Refusal(paragraphs(wrangler?.output.withheld(), sentence))
  })
  await Promise.race([ready(wrangler, worker, registry), exited])
  await exited
}

async function prepare(settings: Settings, password: string): Promise<void> {
  Object.assign(process.env, wranglerEnv(settings), { WRANGLER_LOG: 'error' })
  enableCompileCache(compileCache)
  const { prepareDatabases } = await import('./databases.ts')
  await prepareDatabases(settings, password)
}

/** `port` is the Worker's, `baseUrl` the address for the browser. */
async function ready(
  { listening, output }: Wrangler,
  settings: Settings,
  registry: DevRegistry,
): Promise<void> {
  const { port, baseUrl, config } = settings
  await Promise.race([listening, sleep(healthTimeoutMs, null, { ref: false })])
  await untilHealthy(port, output)
  await Promise.race([output.settled, sleep(1_000)])
  if (isDev) {
    const { startDevServer } = await import('./dev-server.ts')
    await startDevServer(Number(new URL(baseUrl).port), port, config)
  }
  if (stoppingSince !== null) return
  welcome(settings, registry)
  output.open()
}

async function untilHealthy(port: number, output: WranglerOutput): Promise<void> {
  const startedAt = Date.now()
  let status = await healthStatus(port)
  while (status !== 200) {
    const deadline = Math.min(
      startedAt + healthTimeoutMs,
      (output.failedAt ?? Infinity) + errorTimeoutMs,
    )
    if (Date.now() > deadline) {
      throw new Refusal(paragraphs(output.withheld(), `GET /healthz: ${status}, instead of 200.`))
    }
    await sleep(50)
    status = await healthStatus(port)
  }
}

function paragraphs(...texts: (string | undefined)[]): string {
  return texts.filter(Boolean).join('\n\n')
}

/** An agent of its own: NODE_USE_ENV_PROXY would send the global one's requests through a proxy. */
function healthStatus(port: number): Promise<number | string> {
  const options = { host: 'localhost', port, path: '/healthz', agent: new Agent(), timeout: 3_000 }
  return new Promise((resolve) => {
    const request = get(options, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('timeout', () => request.destroy(new Error('no response within 3 s')))
    request.on('error', (error) => resolve(error.message))
  })
}

function welcome({ baseUrl, keepsMail }: Settings, registry: DevRegistry): void {
  const people = demoAccounts.flatMap((account) =>
    account.people.map(({ email, role }) => `  ${email.padEnd(18)} ${role} of ${account.name}`),
  )
  const lines = [
    '',
    `The dashboard is at ${baseUrl}/`,
    'Sign in as one of these; the password is DEMO_PASSWORD in .dev.vars:',
    ...people,
    ...(keepsMail ? [`Mail is not sent: read it at ${baseUrl}/dev/mail`] : []),
    registry.notice,
    '',
    `Latchkey is ready on ${baseUrl}`,
  ]
  console.log(lines.join('\n'))
}

/** npm ended by SIGKILL forwards no signal, nor does a shell between npm and this process. */
function stopWithParent(): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => process.ppid === parent || stoppingSince !== null || end(0), 100).unref()
}

async function fail(error: unknown): Promise<void> {
  if (stoppingSince !== null) return
  console.error(error instanceof Refusal ? error.message : error)
  await end(1)
}

async function end(code: number): Promise<void> {
  if (stoppingSince !== null) {
    // Ctrl-C arrives twice, from the terminal and from npm. A later one means: do not wait.
    if (Date.now() - stoppingSince > 500) process.exit(code)
    return
  }
  stoppingSince = Date.now()
  await wrangler?.stop()
  process.exit(code)
}

// The dev registry: a folder in which each `wrangler dev` of the machine registers its Worker by name, so that others can
// bind to it. A name is there once: a second Latchkey, whose registration wrangler would skip in silence, keeps a folder of its own.
import { readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Refusal, root } from './settings.ts'

/** wrangler touches its entry every 10 s, and ignores one that is older than this. */
const staleMs = 90_000
const answerMs = 1_000

export type DevRegistry = {
  path: string
  /** What `npm start` says of it. */
  notice: string
}

/** The machine's registry, or a private one if a live Worker has our name there. */
export async function chooseRegistry(machine: string, stateDir: string): Promise<DevRegistry> {
  const name = workerName()
  if (await isTaken(join(machine, name))) return privateRegistry(stateDir)
  return { path: machine, notice: `Workers of this machine can bind to it as "${name}".` }
}

export function privateRegistry(stateDir: string): DevRegistry {
  const path = join(stateDir, 'registry')
  const notice =
    `Another "${workerName()}" runs on this machine, so this one keeps its own dev registry. To bind a Worker to it: ` +
    `WRANGLER_REGISTRY_PATH=${path} npx wrangler dev`
  return { path, notice }
}

/** As wrangler.toml names it, which a deployer may have changed. */
function workerName(): string {
  const file = join(root, 'wrangler.toml')
  const name = readFileSync(file, 'utf8').match(/^name\s*=\s*["']([\w-]+)["']/m)?.[1]
  if (name === undefined) throw new Refusal('wrangler.toml has no name.')
  return name
}

/** As wrangler finds it: by its variables, else in its configuration folder. */
export function machineRegistry(env: NodeJS.ProcessEnv, platform = process.platform): string {
  const path = env.CLOUDFLARE_DEV_REGISTRY_PATH || env.WRANGLER_REGISTRY_PATH
  return path || join(wranglerFolder(env, platform), 'registry')
}

function wranglerFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const legacy = join(homedir(), '.wrangler')
  if (statSync(legacy, { throwIfNoEntry: false })?.isDirectory()) return legacy
  return join(env.XDG_CONFIG_HOME || configFolder(env, platform), '.wrangler')
}

function configFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(homedir(), 'Library', 'Preferences')
  if (platform !== 'win32') return join(homedir(), '.config')
  return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'xdg.config')
}

/**
 * A killed process leaves its entry. Nobody listens at its address any more, so the entry is removed: wrangler would wait
 * until it is stale before it registers the name again.
 */
async function isTaken(entry: string): Promise<boolean> {
  const stats = statSync(entry, { throwIfNoEntry: false })
  if (stats === undefined || Date.now() - stats.mtimeMs > staleMs) return false
  const address = debugAddress(entry)
  // An entry of a wrangler that names no address: only its age tells.
  if (address === null || (await accepts(address))) return true
  rmSync(entry, { force: true })
  return false
}

type Address = { host: string; port: number }

function debugAddress(entry: string): Address | null {
  try {
    const { debugPortAddress } = JSON.parse(readFileSync(entry, 'utf8'))
    const { hostname, port } = new URL(`tcp://${debugPortAddress}`)
    return port === '' ? null : { host: hostname, port: Number(port) }
  } catch {
    return null
  }
}

/** Only a refused connection is a no: a process that is stopped or busy still has its port. */
function accepts({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: answerMs })
    const answer = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(true))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => answer(code !== 'ECONNREFUSED'))
  })
}

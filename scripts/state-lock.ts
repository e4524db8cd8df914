// One Latchkey per state folder: fences keep in memory what their storage holds, so two processes
// on the same files could each believe something that is no longer true.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isListening } from './port.ts'
import { Refusal, root, type Settings } from './settings.ts'

/** Long enough for a first start, dashboard included, to begin listening. */
const startingMs = 120_000

type Principal = { pid: number; port: number }

/** How long a Latchkey that was told to stop may take. */
const stoppingMs = 2_000

const lockPath = (stateDir: string) => join(stateDir, 'latchkey.lock')

/**
 * `npm` may be gone a moment before what it started: whoever stops a Latchkey and starts it again
 * at once must not be told that the port is taken by the one that is leaving.
 */
export async function predecessorGone({ stateDir, port }: Settings): Promise<void> {
  const deadline = Date.now() + stoppingMs
  while (Date.now() < deadline) {
    const holder = await livePrincipal(lockPath(stateDir))
    if (holder?.port !== port) return
    await sleep(50)
  }
}

/** Returns the function that gives the folder free again. */
export async function takeState({ stateDir, port }: Settings): Promise<() => void> {
  const path = lockPath(stateDir)
  const holder: Principal = { pid: process.pid, port }
  mkdirSync(stateDir, { recursive: true })
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(holder), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const other = await livePrincipal(path)
    if (other) {
      const folder = relative(root, stateDir) || stateDir
      throw new Refusal(
        `Another Latchkey (process ${other.pid}, port ${other.port}) is using the state in ${folder}. ` +
          `Give this one its own, for example: LATCHKEY_STATE=.wrangler/state-${port} PORT=${port} npm start`,
      )
    }
    rmSync(path, { force: true })
  }
}

/** A process that was killed leaves its file behind, and its number may be somebody else's by now. */
async function livePrincipal(path: string): Promise<Principal | null> {
  try {
    const holder: Principal = JSON.parse(readFileSync(path, 'utf8'))
    if (!isAlive(holder.pid)) return null
    const isStarting = Date.now() - statSync(path).mtimeMs < startingMs
    return isStarting || (await isListening(holder.port)) ? holder : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

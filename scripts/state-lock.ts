// One Latchkey per state folder: fences cache their storage in memory, so with two processes on the same
// files each would serve stale state.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isListening } from './port.ts'
import { Refusal, root, type Settings } from './settings.ts'

/** Long enough for a first start, dashboard included, to begin listening. */
const startingMs = 120_000

type LockOwner = { pid: number; port: number }

/** How long a Latchkey may take to exit after SIGTERM. */
const stoppingMs = 2_000

const lockPath = (stateDir: string) => join(stateDir, 'latchkey.lock')

/**
 * `npm` may exit a moment before its child: a restart right after a stop waits for the old process
 * instead of failing on a port in use.
 */
export async function waitForPredecessor({ stateDir, port }: Settings): Promise<void> {
  const deadline = Date.now() + stoppingMs
  while (Date.now() < deadline) {
    const owner = await liveOwner(lockPath(stateDir))
    if (owner?.port !== port) return
    await sleep(50)
  }
}

/** Returns the function that releases the folder. */
export async function lockState({ stateDir, port }: Settings): Promise<() => void> {
  const path = lockPath(stateDir)
  const owner: LockOwner = { pid: process.pid, port }
  mkdirSync(stateDir, { recursive: true })
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(owner), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const other = await liveOwner(path)
    if (other) {
      const folder = relative(root, stateDir) || stateDir
      throw new Refusal(
        `Another Latchkey (process ${other.pid}, port ${other.port}) is using the state in ${folder}. ` +
          `Use another folder, for example: LATCHKEY_STATE=.wrangler/state-${port} PORT=${port} npm start`,
      )
    }
    rmSync(path, { force: true })
  }
}

/** A killed process leaves its file, and its process id may have been reused. */
async function liveOwner(path: string): Promise<LockOwner | null> {
  try {
    const owner: LockOwner = JSON.parse(readFileSync(path, 'utf8'))
    if (!isAlive(owner.pid)) return null
    const isStarting = Date.now() - statSync(path).mtimeMs < startingMs
    return isStarting || (await isListening(owner.port)) ? owner : null
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

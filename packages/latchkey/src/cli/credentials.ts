// Who is signed in to which deployment: the environment, else a file that only its owner reads.
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CliError, exitCodes } from './exit.ts'

type InAccount = { account?: string | undefined }
export type KeyCredential = InAccount & { kind: 'key'; key: string }
/** A session that was begun here, or a JWT that was copied from the dashboard. */
export type PersonCredential = InAccount &
  (
    | { kind: 'session'; email: string; cookies: Record<string, string> }
    | { kind: 'jwt'; jwt: string }
  )

/** `last`: which of the two was signed in with last, and is used where both can be. */
export type Stored = {
  key?: KeyCredential | undefined
  person?: PersonCredential | undefined
  last?: 'key' | 'person' | undefined
}

type File = { current: string | null; deployments: Record<string, Stored> }

export function credentialsPath(): string {
  return join(folder(), 'credentials.json')
}

function folder(): string {
  const { XDG_CONFIG_HOME, HOME } = process.env
  return join(XDG_CONFIG_HOME || join(HOME || homedir(), '.config'), 'latchkey')
}

export function currentDeployment(): string | null {
  return read().current
}

export function storedFor(url: string): Stored {
  return read().deployments[url] ?? {}
}

/** Stores what is signed in to `url`, which becomes the current deployment. */
export function store(url: string, stored: Stored): void {
  const { deployments } = read()
  write({ current: url, deployments: { ...deployments, [url]: stored } })
}

/** Of a session or JWT that was renewed: the deployment does not become the current one. */
export function updatePerson(url: string, person: PersonCredential): void {
  const file = read()
  const stored = file.deployments[url]
  if (stored?.person === undefined) return
  const next = { ...stored, person: { ...person, account: stored.person.account } }
  write({ ...file, deployments: { ...file.deployments, [url]: next } })
}

export function forget(url: string): void {
  const { current, deployments } = read()
  const { [url]: _, ...others } = deployments
  const next = current === url ? (Object.keys(others)[0] ?? null) : current
  if (Object.keys(others).length === 0) rmSync(credentialsPath(), { force: true })
  else write({ current: next, deployments: others })
}

/** @throws CliError */
function read(): File {
  const path = credentialsPath()
  let text: string
  try {
    refuseShared(path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { current: null, deployments: {} }
  }
  try {
    const { current, deployments } = JSON.parse(text) as File
    if (typeof deployments === 'object' && deployments !== null) return { current, deployments }
  } catch {
    // Said below, without the text.
  }
  throw new CliError(exitCodes.refused, `${path} is damaged: remove it, and sign in again.`)
}

/** As ssh does with its keys. @throws CliError */
function refuseShared(path: string): void {
  const { mode } = statSync(path)
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const message = `Others can read ${path}. Close it: chmod 600 ${path}\nWhat it holds may be known: sign out, and in again.`
  throw new CliError(exitCodes.notSignedIn, message)
}

/** In one step, so that an interrupted write loses nothing. */
function write(file: File): void {
  const path = credentialsPath()
  const temporary = `${path}.${process.pid}`
  mkdirSync(folder(), { recursive: true, mode: 0o700 })
  // It may have existed.
  chmodSync(folder(), 0o700)
  rmSync(temporary, { force: true })
  writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, path)
}

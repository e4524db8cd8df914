// The secrets of a deployment: what Cloudflare lacks is taken from the environment, from an earlier run
// that failed, from the person at the terminal, or made. None is printed or put on a command line, and
// none that Cloudflare has is written again.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { freshSecret } from '../dev-vars.ts'
import { Refusal, root } from '../settings.ts'
import { askSecret, isInteractive } from './ask.ts'

export type Secrets = Record<string, string>

/** Where the secrets that we made are kept, for the deployer to put away: Cloudflare never shows them. */
export function secretsFile(worker: string, accountId: string): string {
  return join(root, '.secrets', `${worker}.${accountId}.json`)
}

/** The secrets that Cloudflare lacks, with their values. @throws Refusal naming those it cannot get */
export async function missingSecrets(
  missing: string[],
  { file, generate }: { file: string; generate: boolean },
): Promise<Secrets> {
  const kept = readKept(file)
  const secrets: Secrets = {}
  const without: string[] = []
  for (const name of missing) {
    const known = process.env[name] || kept[name]
    const value = known ?? (isInteractive() && !generate ? await askSecret(name) : '')
    if (value !== '') secrets[name] = checked(name, value)
    else if (generate || isInteractive()) secrets[name] = keep(file, kept, name)
    else without.push(name)
  }
  if (without.length === 0) return secrets
  throw new Refusal(
    `Cloudflare has no ${without.join(', ')} for this Worker, and nobody can be asked here.\n` +
      'Put them into the environment, or add --generate to have them made and kept in ' +
      `${relative(root, file)}.`,
  )
}

/** Written before it is used: a run that fails afterwards finds it again. */
function keep(file: string, kept: Secrets, name: string): string {
  const value = freshSecret(name)
  kept[name] = value
  writePrivately(file, kept)
  return value
}

function checked(name: string, value: string): string {
  if (value.length >= 8 && !/\s/.test(value)) return value
  throw new Refusal(`${name} must be at least 8 characters, without spaces.`)
}

function readKept(file: string): Secrets {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new Refusal(`${relative(root, file)} cannot be read: ${(error as Error).message}`)
  }
}

/** Hands wrangler a file with the secrets, at `path` for as long as it runs; JSON, because it would expand a `$` in any other. */
export async function withSecretsFile(
  secrets: Secrets,
  path: string,
  use: (options: string[]) => Promise<void>,
): Promise<void> {
  if (Object.keys(secrets).length === 0) return use([])
  process.once('exit', () => rmSync(path, { force: true }))
  writePrivately(path, secrets)
  try {
    await use(['--secrets-file', path])
  } finally {
    rmSync(path, { force: true })
  }
}

function writePrivately(path: string, secrets: Secrets): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
}

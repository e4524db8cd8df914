// The secrets of a deployment. Those missing at Cloudflare come from the environment, from an earlier run
// that failed, from a prompt, or are generated. None is printed or passed on a command line, and none that
// Cloudflare stores is written again.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { freshSecret } from '../dev-vars.ts'
import { Refusal, root } from '../settings.ts'
import { isInteractive, promptSecret } from './prompt.ts'

export type Secrets = Record<string, string>

/** The file that keeps generated secrets for the deployer: Cloudflare never shows them. */
export function secretsFile(worker: string, accountId: string): string {
  return join(root, '.secrets', `${worker}.${accountId}.json`)
}

/** The secrets missing at Cloudflare, with their values. @throws Refusal naming those without a value */
export async function missingSecrets(
  missing: string[],
  { file, generate }: { file: string; generate: boolean },
): Promise<Secrets> {
  const kept = readKept(file)
  const secrets: Secrets = {}
  const without: string[] = []
  for (const name of missing) {
    const known = process.env[name] || kept[name]
    const value = known ?? (isInteractive() && !generate ? await promptSecret(name) : '')
    if (value !== '') secrets[name] = checked(name, value)
    else if (generate || isInteractive()) secrets[name] = keep(file, kept, name)
    else without.push(name)
  }
  if (without.length === 0) return secrets
  throw new Refusal(
    `This Worker has no ${without.join(', ')}, and there is no terminal for a prompt.\n` +
      'Set them in the environment, or add --generate to generate them and keep them in ' +
      `${relative(root, file)}.`,
  )
}

/** Written before it is used, so that it survives a failure of this run. */
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

/** Passes wrangler a file with the secrets, at `path` while it runs; JSON, since it expands `$` in other formats. */
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

// The steps that change something, in the order in which each may fail and be repeated.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { experimental_readRawConfig } from 'wrangler'
import { Refusal, root } from '../settings.ts'
import type { Deployed } from './deployed.ts'
import { configPath, originOf, type Plan } from './plan.ts'
import type { RunWrangler } from './run-wrangler.ts'
import { type Secrets, withSecretsFile } from './secrets.ts'

export type Job = {
  plan: Plan
  deployed: Deployed
  /** Those that Cloudflare lacks. */
  secrets: Secrets
  /** Where wrangler finds them while it deploys. */
  secretsPath: string
  /** A custom domain to attach. */
  domain: string | null
  /** null: the workers.dev address, which only the deployment tells. */
  url: string | null
  say: (text: string) => void
}

/**
 * Answers the address. Migrations go before the code that needs them: they only add, so the version
 * that runs meanwhile goes on working. A database that the deployment creates is migrated right after
 * it; until then no key exists.
 */
export async function putUp(wrangler: RunWrangler, job: Job): Promise<string> {
  const { plan, deployed, secrets, url, say } = job
  const isThere = ({ name }: { name: string }) => deployed.databases.has(name)
  await migrate(wrangler, plan.databases.filter(isThere), say)
  for (const queue of plan.queues) await ensureQueue(wrangler, queue)
  const domain = job.domain === null ? [] : ['--domain', job.domain]
  let targets: string[] = []
  say('Deploying.')
  await withSecretsFile(secrets, job.secretsPath, async (file) => {
    targets = await deploy(wrangler, deployed.orphans, [...file, ...domain, ...baseUrl(url)])
  })
  const created = plan.databases.filter((database) => !isThere(database))
  await migrate(wrangler, created, say)
  if (url !== null) return url
  const derived = workersDevAddress(targets)
  say(`The address is ${derived}: deploying once more, so that the Worker knows it.`)
  await deploy(wrangler, new Map(), baseUrl(derived))
  return derived
}

export function baseUrl(url: string | null): string[] {
  return url === null ? [] : ['--var', `BASE_URL:${url}`]
}

async function migrate(
  wrangler: RunWrangler,
  databases: Plan['databases'],
  say: Job['say'],
): Promise<void> {
  for (const { binding, name } of databases) {
    say(`Migrating ${name}.`)
    await wrangler.step('d1', 'migrations', 'apply', binding, '--remote')
  }
}

async function ensureQueue(wrangler: RunWrangler, queue: string): Promise<void> {
  const { ok } = await wrangler.ask('queues', 'info', queue)
  if (!ok) await wrangler.step('queues', 'create', queue)
}

/** Answers what the Worker is reached by: addresses and others. */
async function deploy(
  wrangler: RunWrangler,
  orphans: Map<string, string>,
  options: string[],
): Promise<string[]> {
  if (orphans.size === 0) return targetsOf(await wrangler.step('deploy', ...options))
  const config = writeConfig(orphans)
  try {
    return targetsOf(await wrangler.step('deploy', '--config', config, ...options))
  } finally {
    rmSync(config, { force: true })
  }
}

function targetsOf(entries: { type: string; targets?: string[] }[]): string[] {
  return entries.findLast(({ type }) => type === 'deploy')?.targets ?? []
}

function workersDevAddress(targets: string[]): string {
  const host = targets.find((target) => /^(https:\/\/)?[a-z0-9.-]+\.workers\.dev$/.test(target))
  if (host === undefined) throw new Refusal('Wrangler names no address: give one with --url.')
  return originOf(host.startsWith('https://') ? host : `https://${host}`)
}

/** wrangler.toml with the namespaces that an earlier run created and could not bind any more. */
function writeConfig(orphans: Map<string, string>): string {
  const { rawConfig } = experimental_readRawConfig({ config: configPath })
  const listed = (rawConfig.kv_namespaces ?? []) as { binding: string }[]
  const kv_namespaces = listed.map((namespace) => {
    const id = orphans.get(namespace.binding)
    return id === undefined ? namespace : { ...namespace, id }
  })
  // Beside wrangler.toml, because its paths are relative to it.
  const path = join(root, `wrangler.deploy.${process.pid}.json`)
  process.once('exit', () => rmSync(path, { force: true }))
  writeFileSync(path, JSON.stringify({ ...rawConfig, kv_namespaces }))
  return path
}

// The steps that change the deployment, ordered so that each may fail and be repeated.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal, root } from '../settings.ts'
import type { Deployed } from './deployed.ts'
import { rawConfig } from './environment.ts'
import { originOf, type Plan } from './plan.ts'
import type { RunWrangler } from './run-wrangler.ts'
import { type Secrets, withSecretsFile } from './secrets.ts'

export type Job = {
  plan: Plan
  deployed: Deployed
  /** Those missing at Cloudflare. */
  secrets: Secrets
  /** The file that wrangler reads them from during the deployment. */
  secretsPath: string
  /** A custom domain to attach. */
  domain: string | null
  /** null: the workers.dev address, which is known after the deployment. */
  url: string | null
  print: (text: string) => void
}

/**
 * Returns the address. Migrations run before the code that needs them: they only add, so the running
 * version keeps working. A database that the deployment creates is migrated right after it; until then
 * no key exists.
 */
export async function applyPlan(wrangler: RunWrangler, job: Job): Promise<string> {
  const { plan, deployed, secrets, url, print } = job
  const isPresent = ({ name }: { name: string }) => deployed.databases.has(name)
  await migrate(wrangler, plan.databases.filter(isPresent), print)
  for (const queue of plan.queues) await ensureQueue(wrangler, queue)
  const domain = job.domain === null ? [] : ['--domain', job.domain]
  let targets: string[] = []
  print('Deploying.')
  await withSecretsFile(secrets, job.secretsPath, async (file) => {
    targets = await deploy(wrangler, job, [...file, ...domain, ...baseUrl(url)])
  })
  const created = plan.databases.filter((database) => !isPresent(database))
  await migrate(wrangler, created, print)
  if (url !== null) return url
  const derived = workersDevAddress(targets)
  print(`The address is ${derived}: deploying again with BASE_URL.`)
  // The first one has bound them.
  const bound = { ...job, deployed: { ...deployed, orphans: new Map<string, string>() } }
  await deploy(wrangler, bound, baseUrl(derived))
  return derived
}

export function baseUrl(url: string | null): string[] {
  return url === null ? [] : ['--var', `BASE_URL:${url}`]
}

async function migrate(
  wrangler: RunWrangler,
  databases: Plan['databases'],
  print: Job['print'],
): Promise<void> {
  for (const { binding, name } of databases) {
    print(`Migrating ${name}.`)
    await wrangler.step('d1', 'migrations', 'apply', binding, '--remote')
  }
}

async function ensureQueue(wrangler: RunWrangler, queue: string): Promise<void> {
  const { ok } = await wrangler.capture('queues', 'info', queue)
  if (!ok) await wrangler.step('queues', 'create', queue)
}

/** Returns the targets of the Worker: addresses, schedules and others. */
async function deploy(
  wrangler: RunWrangler,
  { plan, deployed: { orphans } }: Job,
  options: string[],
): Promise<string[]> {
  if (orphans.size === 0) return targetsOf(await wrangler.step('deploy', ...options))
  const config = writeConfig(orphans, plan.environment)
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
  if (host === undefined)
    throw new Refusal('Wrangler reported no workers.dev address: set one with --url.')
  return originOf(host.startsWith('https://') ? host : `https://${host}`)
}

/** wrangler.toml with the namespaces that an earlier run created but did not bind. */
function writeConfig(orphans: Map<string, string>, environment: string | null): string {
  const config = rawConfig()
  const section = environment === null ? config : (config.env?.[environment] ?? {})
  const listed = (section.kv_namespaces ?? []) as { binding: string }[]
  section.kv_namespaces = listed.map((namespace) => {
    const id = orphans.get(namespace.binding)
    return id === undefined ? namespace : { ...namespace, id }
  })
  // In the same folder as wrangler.toml, because its paths are relative.
  const path = join(root, `wrangler.deploy.${process.pid}.json`)
  process.once('exit', () => rmSync(path, { force: true }))
  writeFileSync(path, JSON.stringify(config))
  return path
}

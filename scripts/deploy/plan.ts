// The plan of `npm run deploy`, read from wrangler.toml and the command line only: no network.
import { parseArgs } from 'node:util'
import { readShards } from '../../src/usage/read-shards.ts'
import { Refusal } from '../settings.ts'
import { type Config, readConfig } from './environment.ts'

export type Plan = {
  /** `[env.NAME]` of wrangler.toml; null: its top level. */
  environment: string | null
  worker: string
  accountId: string | null
  databases: { binding: string; name: string }[]
  /** Bindings of the namespaces that wrangler creates, with the titles WORKER-BINDING. */
  namespaces: string[]
  /** Queues that must exist before the deployment; wrangler creates the others. */
  queues: string[]
  secrets: string[]
  /** USAGE_SHARDS. */
  usageShards: string
  /** The public address as the command line or wrangler.toml states it; null: not stated. */
  url: string | null
}

export type Options = {
  environment: string | null
  dryRun: boolean
  /** Generate missing secrets without a prompt. */
  generate: boolean
  url: string | null
  /** A custom domain to attach. */
  domain: string | null
  /** How long to wait for a response from the address at the end (s); 0: do not check. */
  waitSeconds: number
}

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      env: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      generate: { type: 'boolean', default: false },
      url: { type: 'string' },
      domain: { type: 'string' },
      wait: { type: 'string', default: '60' },
    },
  })
  const waitSeconds = Number(values.wait)
  if (!(waitSeconds >= 0)) throw new Refusal(`--wait is a number of seconds, not "${values.wait}".`)
  return {
    environment: values.env || null,
    dryRun: values['dry-run'],
    generate: values.generate,
    url: values.url === undefined ? null : originOf(values.url),
    domain: values.domain ?? null,
    waitSeconds,
  }
}

export function readPlan({ environment, url, domain }: Options): Plan {
  const config = readConfig(environment)
  const { producers, consumers } = config.queues
  const created = new Set((producers ?? []).map(({ queue }) => queue))
  const needed = (consumers ?? []).flatMap(({ queue, dead_letter_queue }) => [
    queue,
    ...(dead_letter_queue === undefined ? [] : [dead_letter_queue]),
  ])
  return {
    environment,
    worker: config.name ?? 'latchkey',
    accountId: process.env.CLOUDFLARE_ACCOUNT_ID || config.account_id || null,
    databases: config.d1_databases.map(({ binding, database_name }) => {
      if (database_name === undefined) throw new Refusal(`${binding} has no database_name.`)
      return { binding, name: database_name }
    }),
    namespaces: config.kv_namespaces.filter(({ id }) => !id).map(({ binding }) => binding),
    queues: [...new Set(needed)].filter((queue) => !created.has(queue)),
    secrets: config.secrets?.required ?? [],
    usageShards: usageShardsOf(config),
    url: url ?? (domain === null ? null : originOf(`https://${domain}`)) ?? statedUrl(config),
  }
}

/** @throws Refusal for what the Worker would refuse to start with. */
function usageShardsOf({ vars }: Config): string {
  const text = String(vars.USAGE_SHARDS)
  try {
    readShards(text)
  } catch (error) {
    throw new Refusal((error as Error).message)
  }
  return text
}

/** A custom domain or a BASE_URL stated in wrangler.toml. */
function statedUrl({ routes = [], vars }: Config): string | null {
  const custom = routes.find((route) => typeof route === 'object' && route.custom_domain)
  if (typeof custom === 'object') return originOf(`https://${custom.pattern}`)
  return publicUrl(vars.BASE_URL)
}

/** The origin of a public address; null for the address of local development. */
export function publicUrl(value: unknown): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) return null
  const { hostname, origin } = new URL(value)
  return hostname === 'localhost' || hostname === '127.0.0.1' ? null : origin
}

export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol === 'https:' && url.origin === text.replace(/\/$/, '').toLowerCase()) {
    return url.origin
  }
  throw new Refusal(`"${text}" is not an address like https://keys.example.com (no path, https).`)
}

export function describePlan(plan: Plan): string {
  const { worker, databases, namespaces, queues, secrets, url } = plan
  const names = databases.map(({ name }) => name).join(' and ')
  const steps = [
    'Read the login (wrangler whoami) and what is deployed. Stop if a gradual deployment is under way.',
    `Prompt for or generate the missing secrets: ${secrets.join(', ')}. Existing secrets are not changed.`,
    'Build the dashboard.',
    `Migrate the databases that exist: ${names}. The running version keeps working.`,
    ...(queues.length > 0 ? [`Create missing queues: ${queues.join(', ')}.`] : []),
    `Deploy ${worker} with its new secrets; wrangler creates missing databases, queues and ` +
      `${namespaces.map((binding) => provisionedName(worker, binding)).join(', ')}.`,
    'Migrate the databases that the deployment created.',
    url === null
      ? 'Set BASE_URL: as deployed, else as entered, else the workers.dev address (with a second deployment).'
      : `BASE_URL is ${url}.`,
    'Wait for a response from the address, and print the next steps.',
  ]
  return steps.map((step, index) => `${index + 1}. ${step}`).join('\n')
}

/** The name that wrangler gives a resource that is configured by its binding only. */
export function provisionedName(worker: string, binding: string): string {
  return `${worker}-${binding.toLowerCase().replaceAll('_', '-')}`
}

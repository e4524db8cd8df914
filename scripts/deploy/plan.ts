// What `npm run deploy` is going to do, read from wrangler.toml and the command line alone: no network.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unstable_readConfig } from 'wrangler'
import { Refusal, root } from '../settings.ts'

export const configPath = join(root, 'wrangler.toml')

export type Plan = {
  worker: string
  accountId: string | null
  databases: { binding: string; name: string }[]
  /** Bindings of the namespaces that wrangler creates, each called WORKER-BINDING. */
  namespaces: string[]
  /** Those that a deployment needs to find; the others are made by it. */
  queues: string[]
  secrets: string[]
  /** The public address as the command line or wrangler.toml states it; null: not stated. */
  url: string | null
}

export type Options = {
  dryRun: boolean
  /** Make what is missing of the secrets without asking. */
  generate: boolean
  url: string | null
  /** A custom domain to attach. */
  domain: string | null
  /** How long the address may take to answer at the end (s); 0: do not look. */
  waitSeconds: number
}

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
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
    dryRun: values['dry-run'],
    generate: values.generate,
    url: values.url === undefined ? null : originOf(values.url),
    domain: values.domain ?? null,
    waitSeconds,
  }
}

/** Of wrangler's configuration, what is looked at here. */
type Config = {
  name?: string
  account_id?: string
  d1_databases: { binding: string; database_name?: string }[]
  kv_namespaces: { binding: string; id?: string }[]
  queues: {
    producers?: { queue: string }[]
    consumers?: { queue: string; dead_letter_queue?: string }[]
  }
  secrets?: { required?: string[] }
  routes?: (string | { pattern: string; custom_domain?: boolean })[]
  vars: Record<string, unknown>
}

export function readPlan({ url, domain }: Options): Plan {
  const config = unstable_readConfig({ config: configPath }) as Config
  const { producers, consumers } = config.queues
  const made = new Set((producers ?? []).map(({ queue }) => queue))
  const needed = (consumers ?? []).flatMap(({ queue, dead_letter_queue }) => [
    queue,
    ...(dead_letter_queue === undefined ? [] : [dead_letter_queue]),
  ])
  return {
    worker: config.name ?? 'latchkey',
    accountId: process.env.CLOUDFLARE_ACCOUNT_ID || config.account_id || null,
    databases: config.d1_databases.map(({ binding, database_name }) => {
      if (database_name === undefined) throw new Refusal(`${binding} has no database_name.`)
      return { binding, name: database_name }
    }),
    namespaces: config.kv_namespaces.filter(({ id }) => !id).map(({ binding }) => binding),
    queues: [...new Set(needed)].filter((queue) => !made.has(queue)),
    secrets: config.secrets?.required ?? [],
    url: url ?? (domain === null ? null : originOf(`https://${domain}`)) ?? statedUrl(config),
  }
}

/** A custom domain or a BASE_URL that somebody wrote into wrangler.toml. */
function statedUrl({ routes = [], vars }: Config): string | null {
  const custom = routes.find((route) => typeof route === 'object' && route.custom_domain)
  if (typeof custom === 'object') return originOf(`https://${custom.pattern}`)
  return publicUrl(vars.BASE_URL)
}

/** An address at which the world could reach us, or null: the one of local development is none. */
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
    'Look at the login (wrangler whoami) and at what is deployed already. Two versions at once: stop.',
    `Ask for or make the secrets that are missing: ${secrets.join(', ')}. None that exists is changed.`,
    'Build the dashboard.',
    `Migrate the databases that exist: ${names}. The code that runs meanwhile keeps working.`,
    ...(queues.length > 0 ? [`Create the queues that are missing: ${queues.join(', ')}.`] : []),
    `Deploy ${worker} with its new secrets; wrangler creates what is missing: the databases, ` +
      `${namespaces.map((binding) => provisionedName(worker, binding)).join(', ')}, the queues.`,
    'Migrate the databases that the deployment created.',
    url === null
      ? 'Set BASE_URL: as it is deployed, else as asked, else the workers.dev address (then deploy once more).'
      : `BASE_URL is ${url}.`,
    'Wait until the address answers, and say what to do next.',
  ]
  return steps.map((step, index) => `${index + 1}. ${step}`).join('\n')
}

/** What wrangler calls a resource of which it was told nothing but the binding. */
export function provisionedName(worker: string, binding: string): string {
  return `${worker}-${binding.toLowerCase().replaceAll('_', '-')}`
}

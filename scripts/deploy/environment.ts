// The environments of wrangler.toml (`[env.NAME]`): deployments of the same code with their own data.
import { join } from 'node:path'
import { experimental_readRawConfig, unstable_readConfig } from 'wrangler'
import { Refusal, root } from '../settings.ts'

export const configPath = join(root, 'wrangler.toml')

/** The part of wrangler's configuration that is read here. */
export type Config = {
  name?: string
  account_id?: string
  d1_databases: { binding: string; database_name?: string; database_id?: string }[]
  kv_namespaces: { binding: string; id?: string }[]
  durable_objects: { bindings: { name: string }[] }
  ratelimits?: { name: string; namespace_id: string }[]
  services?: { binding: string; service: string }[]
  version_metadata?: { binding: string }
  queues: {
    producers?: { binding: string; queue: string }[]
    consumers?: { queue: string; dead_letter_queue?: string }[]
  }
  secrets?: { required?: string[] }
  routes?: (string | { pattern: string; custom_domain?: boolean })[]
  vars: Record<string, unknown>
}

/**
 * The configuration of an environment; null is that of the top level, whatever CLOUDFLARE_ENV says.
 * @throws Refusal for an environment that is absent, incomplete, or would share a store with another deployment.
 */
export function readConfig(environment: string | null, path = configPath): Config {
  const configOf = (name: string | null) =>
    unstable_readConfig(
      { config: path, env: name ?? '' },
      { hideWarnings: true },
    ) as never as Config
  if (environment === null) return withoutMistakes(configOf(null))
  const names = Object.keys(rawConfig(path).env ?? {})
  if (!names.includes(environment)) {
    const known = names.length === 0 ? 'none' : names.join(', ')
    throw new Refusal(`wrangler.toml has no [env.${environment}]. It has: ${known}.`)
  }
  const config = withoutMistakes(configOf(environment))
  requireComplete(environment, config, configOf(null))
  for (const other of [null, ...names.filter((name) => name !== environment)]) {
    requireOwnStores(environment, config, [other, configOf(other)])
  }
  return config
}

export const devMailRefusal =
  'DEV_MAIL is set: it keeps mail with its links in the database in place of sending it, and is for `npm start` alone. ' +
  'Remove it; docs/mail.md says how mail is sent.'

/** @throws Refusal for variables that the Worker would not serve as they are meant. */
function withoutMistakes(config: Config): Config {
  const { vars } = config
  if (vars.DEV_MAIL !== undefined) throw new Refusal(devMailRefusal)
  const issuer = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL']
  const missing = issuer.filter((name) => !vars[name])
  if (missing.length > 0 && missing.length < issuer.length) {
    throw new Refusal(
      `JWTs of another issuer need ${issuer.join(', ')} together. Empty: ${missing.join(', ')}.`,
    )
  }
  const keysAt = String(vars.JWT_JWKS_URL ?? '')
  if (keysAt !== '' && !(URL.canParse(keysAt) && keysAt.startsWith('https://'))) {
    throw new Refusal(`JWT_JWKS_URL is "${keysAt}": it must be an https address.`)
  }
  return config
}

type RawConfig = Record<string, unknown> & { env?: Record<string, Record<string, unknown>> }

export function rawConfig(path = configPath): RawConfig {
  return experimental_readRawConfig({ config: path }, { hideWarnings: true }).rawConfig as RawConfig
}

/** Wrangler inherits no binding and no variable: one that is left out would be missing at run time only. */
function requireComplete(environment: string, config: Config, top: Config): void {
  const present = new Set(parts(config))
  const missing = parts(top).filter((part) => !present.has(part))
  if (missing.length === 0) return
  throw new Refusal(
    `[env.${environment}] in wrangler.toml lacks ${missing.join(', ')}: an environment inherits neither bindings nor ` +
      'variables. Repeat them there.',
  )
}

function parts(config: Config): string[] {
  const { producers = [], consumers = [] } = config.queues
  const consumed = new Set(consumers.map(({ queue }) => queue))
  return [
    ...config.d1_databases.map(({ binding }) => `the database ${binding}`),
    ...config.kv_namespaces.map(({ binding }) => `the namespace ${binding}`),
    ...config.durable_objects.bindings.map(({ name }) => `the Durable Object ${name}`),
    ...(config.ratelimits ?? []).map(({ name }) => `the rate limit ${name}`),
    ...(config.services ?? []).map(({ binding }) => `the service ${binding}`),
    ...(config.version_metadata ? [`the version ${config.version_metadata.binding}`] : []),
    ...producers.map(({ binding }) => `the queue ${binding}`),
    ...producers
      .filter(({ queue }) => consumed.has(queue))
      .map(({ binding }) => `the consumer of the queue ${binding}`),
    ...Object.keys(config.vars).map((name) => `the variable ${name}`),
    ...(config.secrets?.required ?? []).map((name) => `the secret ${name}`),
  ]
}

function requireOwnStores(
  environment: string,
  config: Config,
  [other, theirConfig]: [name: string | null, config: Config],
): void {
  const theirs = new Set(stores(theirConfig))
  const shared = stores(config).filter((store) => theirs.has(store))
  if (shared.length === 0) return
  const where = other === null ? 'the top level' : `[env.${other}]`
  throw new Refusal(
    `[env.${environment}] in wrangler.toml shares ${shared.join(', ')} with ${where}. Give it its own.`,
  )
}

function stores(config: Config): string[] {
  const { consumers = [], producers = [] } = config.queues
  return [
    `the Worker ${config.name}`,
    ...config.d1_databases.flatMap(({ database_name: name, database_id: id }) => [
      `the database ${name}`,
      ...(id ? [`the database ${id}`] : []),
    ]),
    ...config.kv_namespaces.flatMap(({ id }) => (id ? [`the namespace ${id}`] : [])),
    ...(config.ratelimits ?? []).map(({ namespace_id }) => `the rate limit ${namespace_id}`),
    ...new Set([...producers, ...consumers].map(({ queue }) => `the queue ${queue}`)),
  ]
}

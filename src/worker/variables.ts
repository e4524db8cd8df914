// The variables of wrangler.toml, parsed.
import type { Config } from '../core/config.ts'
import { readSecret, readSecretList } from '../core/secrets.ts'
import type { TargetRules } from '../core/webhook-target.ts'
import type { KeySource } from '../http/services.ts'
import type { PeopleMemory, PeopleSettings } from '../identity/settings.ts'
import { readShards } from '../usage/read-shards.ts'
import type { Shards } from '../usage/shards.ts'

export function fencesPerRegionOf({ FENCES_PER_REGION }: Env): number {
  const count = Number(FENCES_PER_REGION)
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(
      `FENCES_PER_REGION is "${FENCES_PER_REGION}": it must be a whole number from 1.`,
    )
  }
  return count
}

/** @throws Error with a sentence when it is malformed. */
export function usageShardsOf({ USAGE_SHARDS }: Pick<Env, 'USAGE_SHARDS'>): Shards {
  return readShards(USAGE_SHARDS)
}

type Secrets = Pick<Env, 'TAG_SECRETS' | 'AUTH_SECRETS' | 'SETUP_TOKEN'>

/**
 * Checks the secrets once, when the Worker starts: what cannot be meant must not serve.
 * @throws Error that names the secret.
 */
export function checkSecrets(env: Secrets): void {
  readSecretList('TAG_SECRETS', env.TAG_SECRETS)
  readSecretList('AUTH_SECRETS', env.AUTH_SECRETS)
  setupTokenOf(env)
  githubKeySource(env)
}

/** undefined: the operator deleted it, as they may between restores. */
export function setupTokenOf(env: Pick<Env, 'SETUP_TOKEN'>): string | undefined {
  const { SETUP_TOKEN } = env as { SETUP_TOKEN?: string }
  return SETUP_TOKEN === undefined ? undefined : readSecret('SETUP_TOKEN', SETUP_TOKEN)
}

export function areChangesStopped({ CHANGES }: Pick<Env, 'CHANGES'>): boolean {
  return (CHANGES as string) === 'stopped'
}

/** Mail is kept to be read at /dev/mail, and not sent (npm start). */
export function keepsMail(env: Partial<Env>): boolean {
  return (env as { DEV_MAIL?: string }).DEV_MAIL === 'yes'
}

const defaultSignInPerMinute = 10

export function peopleSettings(
  env: Env,
  { people: memory, config }: { people: PeopleMemory; config: Pick<Config<Env>, 'mail'> },
): PeopleSettings {
  const { SIGN_IN_PER_MINUTE: perMinute } = env as { SIGN_IN_PER_MINUTE?: string }
  const [issuer, audience, jwksUrl]: string[] = [env.JWT_ISSUER, env.JWT_AUDIENCE, env.JWT_JWKS_URL]
  return {
    db: env.DB,
    memory,
    baseUrl: new URL(env.BASE_URL).origin,
    authSecrets: readSecretList('AUTH_SECRETS', env.AUTH_SECRETS),
    signInPerMinute: Number(perMinute) || defaultSignInPerMinute,
    hasMail: !!config.mail || keepsMail(env),
    externalIssuer: issuer && audience && jwksUrl ? { issuer, audience, jwksUrl } : null,
  }
}

const githubKeysUrl = 'https://api.github.com/meta/public_keys/secret_scanning'

/** GITHUB_KEYS_URL, and GITHUB_TOKEN where there is one. */
export function githubKeySource(env: Partial<Env>): KeySource {
  const { GITHUB_KEYS_URL, GITHUB_TOKEN } = env as {
    GITHUB_KEYS_URL?: string
    GITHUB_TOKEN?: string
  }
  return {
    url: GITHUB_KEYS_URL || githubKeysUrl,
    token: GITHUB_TOKEN ? readSecret('GITHUB_TOKEN', GITHUB_TOKEN) : undefined,
  }
}

export function targetRules(env: Pick<Env, 'BASE_URL' | 'WEBHOOKS_TO_LOCALHOST'>): TargetRules {
  return {
    localhost: (env.WEBHOOKS_TO_LOCALHOST as string) === 'yes',
    ownHost: new URL(env.BASE_URL).hostname,
  }
}

// The variables of wrangler.toml, parsed.
import type { Config } from '../core/config.ts'
import { readSecret, readSecretList } from '../core/secrets.ts'
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
  const { GITHUB_TOKEN } = env as { GITHUB_TOKEN?: string }
  if (GITHUB_TOKEN) readSecret('GITHUB_TOKEN', GITHUB_TOKEN)
}

/** undefined: the operator deleted it, as they may between restores. */
export function setupTokenOf(env: Pick<Env, 'SETUP_TOKEN'>): string | undefined {
  const { SETUP_TOKEN } = env as { SETUP_TOKEN?: string }
  return SETUP_TOKEN === undefined ? undefined : readSecret('SETUP_TOKEN', SETUP_TOKEN)
}

export function areChangesStopped({ CHANGES }: Pick<Env, 'CHANGES'>): boolean {
  return (CHANGES as string) === 'stopped'
}

/** Mail is kept to be read at /dev/mail, and not sent: never by a deployment, which has a public address. */
export function keepsMail(env: Pick<Env, 'BASE_URL'>): boolean {
  const { BASE_URL, DEV_MAIL } = env as { BASE_URL: string; DEV_MAIL?: string }
  return DEV_MAIL === 'yes' && /^http:\/\/(localhost|127\.0\.0\.1)\b/.test(BASE_URL)
}

const defaultSignInPerMinute = 10

export function peopleSettings(
  env: Env,
  {
    people: memory,
    config,
  }: { people: PeopleMemory; config: Pick<Config<Env>, 'mail' | 'signIn'> },
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
    providers: config.signIn?.providers(env) ?? [],
    externalIssuer: issuer && audience && jwksUrl ? { issuer, audience, jwksUrl } : null,
  }
}

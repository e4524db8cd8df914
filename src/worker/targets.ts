// Variables about what the Worker calls: loaded by the first request that calls it.
import { readSecret } from '../core/secrets.ts'
import type { TargetRules } from '../core/webhook-target.ts'
import type { KeySource } from '../http/services.ts'

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

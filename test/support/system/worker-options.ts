// The Worker of wrangler.toml as options of Miniflare: without the dashboard's files, with secrets.
import { join } from 'node:path'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { root } from '../../../scripts/settings.ts'

const secrets = {
  TAG_SECRETS: 'test-tag-secret',
  AUTH_SECRETS: 'test-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'test-setup-token',
}
export const setupToken = secrets.SETUP_TOKEN
export const tagSecret = secrets.TAG_SECRETS

type WorkerOptions = Record<string, unknown> & { bindings: Record<string, unknown> }

/** `bindings` are added to those of wrangler.toml. */
export function workerOptions(bindings: Record<string, unknown> = {}): WorkerOptions {
  // Wrangler requires the secrets in the environment; the bindings below are used.
  for (const [name, value] of Object.entries(secrets)) process.env[name] ??= value
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, 'wrangler.toml'))
  const { assets: _files, modulesRules: _rules, ...options } = workerOptions
  return {
    ...options,
    bindings: {
      ...(options.bindings as object),
      ...secrets,
      SIGN_IN_PER_MINUTE: '10000',
      ...bindings,
    },
  }
}

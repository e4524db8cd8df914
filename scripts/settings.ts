// Settings of a local Latchkey from the environment, validated before anything runs.
import { join, resolve } from 'node:path'

export const root = join(import.meta.dirname, '..')

export type Settings = {
  port: number
  /** Absolute; `wrangler --persist-to` puts its `v3` folder in here. */
  stateDir: string
  baseUrl: string
  /** In place of latchkey.config.ts: an absolute path. */
  config?: string
  /** Mail is kept to be read at /dev/mail. Without it (DEV_MAIL=no), it is sent as latchkey.config.ts says. */
  keepsMail: boolean
}

/** An error that the user can fix: printed as a message, without a stack. */
export class Refusal extends Error {}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = readPort(env.PORT || '8787')
  return {
    port,
    stateDir: resolve(root, env.LATCHKEY_STATE || '.wrangler/state'),
    baseUrl: `http://localhost:${port}`,
    ...(env.LATCHKEY_CONFIG && { config: resolve(root, env.LATCHKEY_CONFIG) }),
    keepsMail: env.DEV_MAIL !== 'no',
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new Refusal(`PORT must be a number from 1 to 65535, not "${text}".`)
}

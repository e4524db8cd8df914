// Tokens in the formats of other systems, and the digests that those systems store.

import type { Config } from '../../src/core/config.ts'
import type { ForeignFormat } from '../../src/core/foreign.ts'
import { createIsolate } from '../../src/worker/context.ts'
import config from './latchkey.config.ts'
import { createSkippingClock, createTestApp } from './test-app.ts'

export const foreign: Record<string, ForeignFormat> = {
  unkey: { prefix: 'uk_', alphabet: 'base62', length: { min: 20, max: 60 } },
  better_auth: { prefix: '', alphabet: 'letters', length: 64 },
  wacrm: { prefix: 'wacrm_live_', alphabet: 'base64url', length: 43 },
}

/** An app whose configuration declares the foreign formats. */
export function createForeignTestApp(
  options: { bindings?: Partial<Env>; clock?: ReturnType<typeof createSkippingClock> } = {},
) {
  const { clock = createSkippingClock() } = options
  const foreignConfig: Config<Env> = { ...config, foreign }
  return createTestApp({ ...options, clock, isolate: createIsolate(foreignConfig, clock) })
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

export function pick(alphabet: string, count: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(count))
  return Array.from(bytes, (byte) => alphabet.charAt(byte % alphabet.length)).join('')
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

export type ForeignToken = { format: string; token: string; digest: string }

/** internal/services/keys/create.go: base58 of random bytes; the hash is base64. */
export async function unkeyToken(): Promise<ForeignToken> {
  const token = `uk_${pick(base58, 22)}`
  return { format: 'unkey', token, digest: (await sha256(token)).toBase64() }
}

/** packages/api-key/src/index.ts: 64 letters; the hash is base64url without padding. */
export async function betterAuthToken(): Promise<ForeignToken> {
  const token = pick(letters, 64)
  const digest = (await sha256(token)).toBase64({ alphabet: 'base64url', omitPadding: true })
  return { format: 'better_auth', token, digest }
}

/** src/lib/api-keys/keys.ts: 32 random bytes in base64url; the hash is hex. */
export async function wacrmToken(): Promise<ForeignToken> {
  const random = crypto.getRandomValues(new Uint8Array(32))
  const token = `wacrm_live_${random.toBase64({ alphabet: 'base64url', omitPadding: true })}`
  return { format: 'wacrm', token, digest: (await sha256(token)).toHex() }
}

// Signing secrets in the format of Standard Webhooks, sealed at rest.
import { seal, unseal } from '../core/sealing.ts'
import type { RandomBytes } from '../core/token.ts'
import type { Endpoint } from '../storage/webhook-endpoints.ts'

export const secretPurpose = 'webhook-secrets'

const secretBytes = 32

/** A new secret and its sealed form. The plain one is shown once, in the response. */
export async function newSecret(
  keys: readonly CryptoKey[],
  endpointId: string,
  randomBytes: RandomBytes,
): Promise<{ secret: string; sealedSecret: string }> {
  const secret = `whsec_${randomBytes(new Uint8Array(secretBytes)).toBase64()}`
  return { secret, sealedSecret: await seal(keys, secret, endpointId, randomBytes) }
}

/** The secrets that sign at a time: the present one, and the previous one during its overlap. */
export function signingSecrets(
  keys: readonly CryptoKey[],
  { id, sealedSecret, sealedPrevious, previousUntil }: Endpoint,
  nowMs: number,
): Promise<string[]> {
  const both = sealedPrevious !== null && (previousUntil ?? 0) > nowMs
  const sealed = both ? [sealedSecret, sealedPrevious] : [sealedSecret]
  return Promise.all(sealed.map((each) => unseal(keys, each, id)))
}

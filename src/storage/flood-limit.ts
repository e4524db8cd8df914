// A limit on questions about tokens that cannot prove themselves: by the Workers rate-limiting binding,
// which counts in each of Cloudflare's locations and does not wait for a network.
import { networkOf } from '../core/address.ts'
import { within } from './unavailable.ts'

export type FloodLimit = {
  /** Whether the stores may be asked once more for whoever shares this bucket. */
  admits(bucket: string): Promise<boolean>
}

/** The period of the binding in wrangler.toml: after it there is room again. */
export const floodPeriodSeconds = 10

const limitMs = 500

export function createFloodLimit(
  binding: RateLimit,
  note: (store: string, cause: unknown) => void,
): FloodLimit {
  return {
    async admits(bucket) {
      try {
        return (await within('flood limit', limitMs, binding.limit({ key: bucket }))).success
      } catch (cause) {
        // It saves stores work and lets nobody in: without it the stores are asked, and they decide.
        note('flood limit', cause)
        return true
      }
    },
  }
}

/** The bucket of a client: the network of its address; all without an address share one. */
export function senderOf(ip: string | null): string {
  return `ip/${networkOf(ip) ?? 'unknown'}`
}

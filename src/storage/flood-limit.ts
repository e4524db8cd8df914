// Limits lookups of tokens that carry no valid tag, with the Workers rate-limiting binding: it counts per
// Cloudflare location, without a network round trip.
import { networkOf } from '../core/address.ts'
import type { ReportOutage } from '../log.ts'
import { within } from './unavailable.ts'

export type FloodLimit = {
  /** Whether the senders that share this bucket may cause another lookup. */
  admits(bucket: string): Promise<boolean>
}

/** The period of the binding in wrangler.toml. */
export const floodPeriodSeconds = 10

const timeoutMs = 500

export function createFloodLimit(binding: RateLimit, reportOutage: ReportOutage): FloodLimit {
  return {
    async admits(bucket) {
      try {
        return (await within('flood limit', timeoutMs, binding.limit({ key: bucket }))).success
      } catch (cause) {
        // The limit protects the stores and admits no token: without it, the stores decide.
        reportOutage('flood limit', cause)
        return true
      }
    },
  }
}

/** The bucket of a client: the network of its address; all without an address share one. */
export function senderOf(ip: string | null): string {
  return `ip/${networkOf(ip) ?? 'unknown'}`
}

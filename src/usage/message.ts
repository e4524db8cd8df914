// What isolates send about requests with known keys: one queue message a flush. Its id begins with the time.

/** The counts of one key, hour (its first ms) and code: `external_id` and environment as they were when it was counted. */
export type UsageRow = [
  keyId: string,
  hour: number,
  code: string,
  count: number,
  /** Time of the last request (ms). */
  lastAt: number,
  externalId: string | null,
  environment: string,
]

/** First ms of the hour, region, tier that answered, verifications. */
export type TierRow = [hour: number, region: string, tier: string, count: number]

/**
 * One request for the log of its account. It holds no path, query or header: the pattern of the route, and the address
 * cut to /24 or /48.
 */
export type RequestSample = {
  /** When it was answered (ms). */
  at: number
  keyId: string
  code: string
  /** One that HTTP defines, or null. */
  method: string | null
  route: string | null
  neededScope: string | null
  address: string | null
  country: string | null
  tier: string
  ms: number
}

export type UsageMessage = {
  version: 2
  id: string
  /** By the id of the account. */
  accounts: Record<string, UsageRow[]>
  tiers: TierRow[]
  /** By the id of the account. */
  requests: Record<string, RequestSample[]>
}

const timeDigits = 12

/** Begins with the time, so that ids sort by age. */
export function messageId(nowMs: number, id: string): string {
  return `${nowMs.toString(16).padStart(timeDigits, '0')}-${id}`
}

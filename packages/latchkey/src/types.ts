// What management and services exchange with Latchkey, field by field as on the wire. Types only:
// test/worker/client.test.ts compares them with the Worker's own at compile time.

export type KeyStatus = 'active' | 'expired' | 'revoked' | 'disabled'

/** Times are RFC 3339 in UTC, ids UUIDs. */
export type Key = {
  id: string
  name: string
  /** The first eight characters after the prefix: what people tell keys apart by. */
  key_prefix: string
  format: string
  /** null: inherits what its creator may do. */
  scopes: string[] | null
  status: KeyStatus
  is_active: boolean
  external_id: string | null
  metadata: Record<string, unknown> | null
  /** Addresses and CIDR blocks; null: any. */
  allowed_ips: string[] | null
  /** Windows of which all must have room; null: unlimited. */
  rate_limit: RateLimitWindow[] | null
  /** null: verifications cost nothing. */
  credits: Credits | null
  /** Whether its limits are its own or those of all keys with its `external_id`. */
  limits_by: 'key' | 'external_id'
  created_by: string | null
  created_by_name: string | null
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  revoked_by: string | null
  replaced_by: string | null
}

/** `key` is the token, told this once only. */
export type IssuedKey = Key & { key: string }

/** What a change adds while it is not yet known to be in force everywhere (202). */
export type Underway = {
  /** In force everywhere at this time: asked for with `respondAsync`. */
  effective_at?: string | undefined
  /** In force but for these regions, which follow by themselves. */
  pending_regions?: string[] | undefined
}

/** `limit` requests (1 to 1,000,000) in `window_seconds` (1 s to 31 days). */
export type RateLimitWindow = { name: string; limit: number; window_seconds: number }
export type NewRateLimitWindow = Omit<RateLimitWindow, 'name'> & { name?: string | undefined }

export type Credits = {
  /** null: not known right now. */
  remaining: number | null
  refill: { amount: number; interval: 'daily' | 'monthly'; day?: number | undefined } | null
}

export type NewCredits = {
  /** Left out of a change, the balance stays. */
  remaining?: number | undefined
  /** Lifts the balance to `amount` at midnight UTC; a month too short for the day has it on its last. */
  refill?:
    | { amount: number; interval: 'daily' }
    | { amount: number; interval: 'monthly'; day?: number | undefined }
    | null
    | undefined
}

export type NewKey = {
  /** 1 to 80 characters. */
  name: string
  /** RFC 3339, in the future; null or left out: never. */
  expires_at?: string | null | undefined
  /** null or left out: inherits; []: may do nothing but say who it is. */
  scopes?: string[] | null | undefined
  /** A format of `latchkey.config.ts`; the first one by default. */
  format?: string | undefined
  allowed_ips?: string[] | null | undefined
  /** One window or up to five. Names default to `default`, and to their length where there are several. */
  rate_limit?: NewRateLimitWindow | NewRateLimitWindow[] | null | undefined
  credits?: NewCredits | null | undefined
  limits_by?: 'key' | 'external_id' | undefined
  external_id?: string | null | undefined
  metadata?: Record<string, unknown> | null | undefined
}

/** What is left out stays; null clears. */
export type KeyChanges = Omit<NewKey, 'name' | 'format'> & {
  name?: string | undefined
  is_active?: boolean | undefined
}

export type PageQuery = {
  /** Items a page: 1 to 100, 50 by default. */
  limit?: number | undefined
  /** `next_cursor` of the page before. */
  cursor?: string | undefined
}

export type KeyQuery = PageQuery & {
  status?: KeyStatus | undefined
  /** Part of a name, a key prefix or an external id. */
  search?: string | undefined
  created_by?: string | undefined
}

export type AuditQuery = PageQuery & {
  key_id?: string | undefined
  actor_id?: string | undefined
  action?: string | undefined
}

/** Newest first; `next_cursor` is null on the last page. */
export type Page<Item> = { data: Item[]; next_cursor: string | null }

/** Which keys to revoke at once. */
/** `repeated`: they had been added before, by the same idempotency key. */
export type ToppedUp = { credits: Credits; repeated: boolean }

export type Selection = { ids: string[] } | { created_by: string } | { external_id: string }

export type Scope = {
  scope: string
  description: string
  /** Granted by an owner alone, never inherited. */
  reserved: boolean
  /** Whose role holds it. */
  roles: ('owner' | 'admin' | 'member')[]
}

export type AuditEvent = {
  id: string
  /** Such as `key.revoked`. */
  action: string
  actor: { kind: 'person' | 'key' | 'system'; id: string | null; name: string | null }
  key_id: string | null
  key_name: string | null
  /** The person concerned, where it is about one. */
  subject_id: string | null
  subject_name: string | null
  detail: Record<string, unknown> | null
  request_id: string | null
  created_at: string
}

/** RFC 7662 2.2; `exp` and `iat` are seconds since 1970. */
export type Introspection =
  | { active: false }
  | {
      active: true
      /** Separated by spaces. */
      scope: string
      /** The id of the key. */
      client_id: string
      /** The id of the account. */
      sub: string
      iss: string
      iat: number
      exp?: number | undefined
      token_type: 'Bearer'
    }

export type { VerifiedKey, VerifyAnswer, VerifyRequest } from './verify-types.ts'

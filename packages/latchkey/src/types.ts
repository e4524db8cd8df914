// Requests and answers of the management API, field by field as on the wire. Types only:
// test/worker/client.test.ts compares them with the schemas of the server at compile time.

/** `revoked` is final; a change can undo `expired` and `disabled`. */
export type KeyStatus = 'active' | 'expired' | 'revoked' | 'disabled'

/**
 * A key without its token. Times are RFC 3339 in UTC, ids UUIDs.
 * @example
 * ```ts
 * const { name, status, scopes }: Key = await client.get(id)
 * ```
 */
export type Key = {
  id: string
  name: string
  /** The first eight characters after the prefix, by which people recognise a key. */
  key_prefix: string
  format: string
  /** Of its format, such as `live` or `test`. */
  environment: string
  /** null: inherits the scopes of its creator. */
  scopes: string[] | null
  status: KeyStatus
  is_active: boolean
  external_id: string | null
  metadata: Record<string, unknown> | null
  /** Addresses and CIDR blocks; null: any. */
  allowed_ips: string[] | null
  /** Every window must have room for a request; null: unlimited. */
  rate_limit: RateLimitWindow[] | null
  /** null: verifications cost nothing. */
  credits: Credits | null
  /** `external_id`: shares its limits with all keys of the same `external_id`. */
  limits_by: 'key' | 'external_id'
  /** What a key with keys:manage may grant; null: nothing. */
  may_grant: MayGrant | null
  /** The person or the key that made it; of a rotated key, the first of its rotations. */
  made_by: string | null
  created_by: string | null
  created_by_name: string | null
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  revoked_by: string | null
  replaced_by: string | null
  /** Its creator was demoted or removed; an admin or owner clears it. */
  needs_review: boolean
}

/**
 * A new key. `key` is the token: no other answer contains it.
 * @example
 * ```ts
 * const { key }: IssuedKey = await client.create({ name: 'CI' })
 * ```
 */
export type IssuedKey = Key & { key: string }

/**
 * What the answer to a change adds while the change is not yet known to be in force everywhere (202).
 * @example
 * ```ts
 * const { effective_at }: Underway = await client.revoke(id, { respondAsync: true })
 * ```
 */
export type Underway = {
  /** In force everywhere at this time (RFC 3339): the answer to `respondAsync`. */
  effective_at?: string | undefined
  /** In force except in these regions, which follow without another request. */
  pending_regions?: string[] | undefined
}

/**
 * `limit` requests (1 to 1,000,000) in `window_seconds` (1 to 2,678,400, which is 31 days). `mode`: absent for exact, or `fast`, which
 * adds no wait to a request and may let a few more pass.
 * @example
 * ```ts
 * const window: RateLimitWindow = { name: 'minute', limit: 100, window_seconds: 60 }
 * ```
 */
export type RateLimitWindow = {
  name: string
  limit: number
  window_seconds: number
  mode?: 'fast' | undefined
}
/** The same for a new key; `name` has a default (`NewKey.rate_limit`), and `mode` is `exact` if left out. */
export type NewRateLimitWindow = Pick<RateLimitWindow, 'limit' | 'window_seconds'> & {
  name?: string | undefined
  mode?: 'exact' | 'fast' | undefined
}

/** The balance of a key, and the refill that raises it. */
export type Credits = {
  /** null: unknown at the moment. */
  remaining: number | null
  refill: { amount: number; interval: 'daily' | 'monthly'; day?: number | undefined } | null
}

/**
 * Credits of a new key, or a change of them.
 * @example
 * ```ts
 * const credits: NewCredits = { remaining: 500, refill: { amount: 500, interval: 'monthly', day: 1 } }
 * ```
 */
export type NewCredits = {
  /** Without it a change keeps the balance. */
  remaining?: number | undefined
  /** Raises the balance to `amount` at midnight UTC; a month without that day, on its last day. */
  refill?:
    | { amount: number; interval: 'daily' }
    | { amount: number; interval: 'monthly'; day?: number | undefined }
    | null
    | undefined
}

/** What a key with keys:manage may grant; null in a field: unbounded. */
export type MayGrant = {
  scopes: string[] | null
  environments: string[] | null
  external_ids: string[] | null
  /** Seconds from the grant. */
  max_lifetime: number | null
  /** Each key needs these windows, with no higher limit. */
  rate_limit: RateLimitWindow[] | null
  /** Unrevoked keys whose `made_by` is this key. */
  max_keys: number | null
}

/** `MayGrant` in a request: a field that is left out is unbounded. */
export type NewMayGrant = {
  scopes?: string[] | null | undefined
  environments?: string[] | null | undefined
  external_ids?: string[] | null | undefined
  max_lifetime?: number | null | undefined
  rate_limit?: NewRateLimitWindow | NewRateLimitWindow[] | null | undefined
  max_keys?: number | null | undefined
}

/**
 * A key to create.
 * @example
 * ```ts
 * const key: NewKey = { name: 'CI', scopes: ['contacts:read'], rate_limit: { limit: 100, window_seconds: 60 } }
 * ```
 */
export type NewKey = {
  /** 1 to 80 characters. */
  name: string
  /** RFC 3339, in the future; null or absent: never. */
  expires_at?: string | null | undefined
  /** null or absent: inherits the scopes of its creator; []: the key can only identify itself. */
  scopes?: string[] | null | undefined
  /** A format of `latchkey.config.ts`; the first one by default. */
  format?: string | undefined
  allowed_ips?: string[] | null | undefined
  /** One window, or up to five. A name defaults to `default`, or where there are several to the window's length. */
  rate_limit?: NewRateLimitWindow | NewRateLimitWindow[] | null | undefined
  credits?: NewCredits | null | undefined
  limits_by?: 'key' | 'external_id' | undefined
  external_id?: string | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  /** false: disabled until it is enabled. */
  is_active?: boolean | undefined
  may_grant?: NewMayGrant | null | undefined
}

/**
 * Changes of a key: absent fields stay, null clears.
 * @example
 * ```ts
 * const changes: KeyChanges = { name: 'CI, old', expires_at: null }
 * ```
 */
export type KeyChanges = Omit<NewKey, 'name' | 'format'> & {
  name?: string | undefined
  needs_review?: false | undefined
}

/**
 * How a key is rotated.
 * @example
 * ```ts
 * const rotation: Rotation = { overlap_seconds: 86_400, expires_at: null }
 * ```
 */
export type Rotation = {
  /** The old token works for so long, up to 30 days; 0 by default. */
  overlap_seconds?: number | undefined
  /** Of the new key: RFC 3339, in the future; null: never; absent: as the old one has it. A later one is a grant. */
  expires_at?: string | null | undefined
}

/** Which page of a list. */
export type PageQuery = {
  /** Items per page: 1 to 100, 50 by default. */
  limit?: number | undefined
  /** `next_cursor` of the previous page. */
  cursor?: string | undefined
}

/** Filters of the list of keys; all of them must match. */
export type KeyQuery = PageQuery & {
  status?: KeyStatus | undefined
  /** Part of a name (in any case), of an external id, or of a key prefix (also as it is shown, `whm_a1b2c3d4…`). */
  search?: string | undefined
  /** Such as `live` or `test`. */
  environment?: string | undefined
  /**
   * Granted to the key: by its name, by a wildcard that covers it, or, for one resource (`contacts:read#42`), by the
   * whole scope. Keys that inherit are not among them.
   */
  scope?: string | undefined
  created_by?: string | undefined
  external_id?: string | undefined
  /** Only unrevoked keys whose creator was demoted or removed. */
  needs_review?: 'true' | undefined
  /** An RFC 3339 time. */
  expires_before?: string | undefined
  /** Neither used nor made for so many days: `90d`. */
  unused_for?: string | undefined
  /** Newest first where left out. */
  sort?: KeyOrder | undefined
}

type KeyColumn = 'created_at' | 'expires_at' | 'last_used_at' | 'name'
/** `-` for descending order. */
export type KeyOrder = KeyColumn | `-${KeyColumn}`

/**
 * How many active keys there are, and how many of them need a look: each up to 1,000. `capped` names the counts that are
 * at least what they say, such as `active` or `by_environment.live`.
 * @example
 * ```ts
 * const { never_used, capped }: KeySummary = await client.summary()
 * console.log(capped.includes('never_used') ? `${never_used} or more` : never_used)
 * ```
 */
export type KeySummary = {
  active: number
  expiring_in_7_days: number
  never_used: number
  /** Neither used nor made for 90 days. */
  unused_for_90_days: number
  without_expiry: number
  by_environment: Record<string, number>
  capped: string[]
}

/** Filters of the list of audit events; all of them must match. */
export type AuditQuery = PageQuery & {
  key_id?: string | undefined
  actor_id?: string | undefined
  action?: string | undefined
  /** RFC 3339: events at this time and later. */
  from?: string | undefined
  /** RFC 3339: events before this time. */
  to?: string | undefined
}

/** One page; `next_cursor` is null on the last page. A page may hold fewer items than `limit`, or none, and not be the last. */
export type Page<Item> = { data: Item[]; next_cursor: string | null }

/** The balance after a top-up; null where the key has none any more. `repeated`: an earlier call with the same idempotency key added the credits. */
export type ToppedUp = { credits: Credits | null; repeated: boolean }

/**
 * Which keys to revoke.
 * @example
 * ```ts
 * const selection: Selection = { created_by: personId }
 * ```
 */
export type Selection =
  | { ids: string[] }
  | { created_by: string }
  | { made_by: string }
  | { external_id: string }

/** How many keys a selection revoked. `missing`: its ids, or its one value, that named no key of the account. */
export type RevokedKeys = { revoked: number; missing: string[] }

/**
 * A request to explain, with a token or, by its id, a key. With `method` and `path` it goes to the gateway, whose policy says what it
 * needs; without them a service asks whether the key has what is named here, as in `VerifyRequest`.
 * @example
 * ```ts
 * const request: ExplainRequest = { token, scopes: ['contacts:read'], ip: '192.0.2.1' }
 * ```
 */
export type ExplainRequest = ({ token: string } | { key_id: string }) & {
  /** Address of the client; without it a key with `allowed_ips` is refused. */
  ip?: string | null | undefined
} & (
    | {
        method: string
        /** As the client sends it, without its query. */
        path: string
      }
    | {
        scopes?: string[] | undefined
        any_of?: string[] | undefined
        /** `live` by default; `any` for any. */
        environment?: string | undefined
      }
  )

/** Why a request is refused. */
export type RefusalCode =
  | 'not_found'
  | 'invalid_api_key'
  | 'revoked_api_key'
  | 'disabled_api_key'
  | 'expired_api_key'
  | 'account_suspended'
  | 'wrong_environment'
  | 'ip_not_allowed'
  | 'insufficient_scope'
  | 'invalid_request'
  | 'forbidden'
  | 'credits_exhausted'
  | 'rate_limited'
  | 'authority_unavailable'

/** One check of a request. */
export type ExplainedCheck = {
  check:
    | 'path'
    | 'shape'
    | 'tag'
    | 'known'
    | 'revoked'
    | 'disabled'
    | 'expired'
    | 'suspended'
    | 'environment'
    | 'address'
    | 'scope'
    | 'policy'
    | 'limits'
  /** null: does not apply, or is not known at present. */
  passed: boolean | null
  /** What a request gets for which this is the first check that fails. */
  code: RefusalCode | null
  /** What was compared. */
  detail: string
  /** What would mend it. */
  remedy: string | null
}

/**
 * What a request with a key gets now, and why: `code` is that of the first check that fails. It is what the database has now; an
 * isolate that remembers something older follows within `lease_seconds`.
 * @example
 * ```ts
 * const { code, checks }: KeyExplanation = await client.explain({ token })
 * const reasons = checks.filter(({ passed }) => passed === false).map(({ remedy }) => remedy)
 * ```
 */
export type KeyExplanation = {
  code: 'valid' | RefusalCode
  /** null: no key of the account has the token. */
  key: KeyIdentity['key'] | null
  account: KeyIdentity['account'] | null
  scopes: string[] | null
  resources: string[] | null
  /** What the request needs of a key; `environments: null`: any. */
  needed: { scopes: string[]; any_of: string[] | null; environments: string[] | null }
  /** The route of the gateway's policy that the request matches. */
  route: string | null
  rate_limit: RateLimitStatus[] | null
  credits: { remaining: number } | null
  retry_after_seconds: number | null
  lease_seconds: number
  checks: ExplainedCheck[]
}

/** A scope of the configuration. */
export type Scope = {
  scope: string
  description: string
  /** Only an owner can grant it; keys never inherit it. */
  reserved: boolean
  /** A key may hold it for one resource: `contacts:read#42`. */
  resource: boolean
  /** A wildcard such as `contacts:*` covers it. */
  wildcard: boolean
  /** The roles that hold it. */
  roles: ('owner' | 'admin' | 'member')[]
}

/** One change, who made it and to which key. */
export type AuditEvent = {
  id: string
  /** Such as `key.revoked`. */
  action: string
  actor: { kind: 'person' | 'key' | 'system' | 'platform'; id: string | null; name: string | null }
  key_id: string | null
  key_name: string | null
  /** The person that the event is about, if any. */
  subject_id: string | null
  subject_name: string | null
  detail: Record<string, unknown> | null
  request_id: string | null
  created_at: string
}

/**
 * An introspection response (RFC 7662 2.2); `exp` and `iat` are seconds since 1970.
 * @example
 * ```ts
 * const answer: Introspection = await client.introspect(token)
 * const scopes = answer.active ? answer.scope.split(' ') : []
 * ```
 */
export type Introspection =
  | { active: false }
  | {
      active: true
      /** Separated by spaces. */
      scope: string
      /** What the key holds of single resources, such as `contacts:read#42`. */
      resources: string[]
      key: KeyIdentity['key']
      account: KeyIdentity['account']
      external_id: string | null
      metadata: Record<string, unknown> | null
      environment: string
      /** The id of the key. */
      client_id: string
      /** The id of the account. */
      sub: string
      iss: string
      iat: number
      exp?: number | undefined
      token_type: 'Bearer'
    }

import type { KeyIdentity, RateLimitStatus } from '../../../src/contract/verify.ts'

export type {
  KeyIdentity,
  RateLimitStatus,
  VerifiedKey,
  VerifyAnswer,
  VerifyRequest,
} from '../../../src/contract/verify.ts'

// Accounts of a deployment as the platform sees them, field by field as on the wire.
import type { PageQuery } from './types.ts'

/** `closing`: it is deleted at `closes_at`. */
export type AccountStatus = 'active' | 'suspended' | 'closing'

/**
 * An account of the deployment. Times are RFC 3339 in UTC, ids UUIDs.
 * @example
 * ```ts
 * const { name, status, counts }: PlatformAccount = await client.accounts.get(id)
 * ```
 */
export type PlatformAccount = {
  id: string
  /** Not unique. */
  name: string
  status: AccountStatus
  /** It operates the deployment. */
  is_platform: boolean
  /** Without one it can be invited into again. */
  has_owner: boolean
  created_at: string
  suspended_at: string | null
  closes_at: string | null
  /** null: the platform, which has none. */
  quotas: AccountQuotas | null
  /** `keys` are unrevoked, of a rotation the newest. */
  counts: { keys: number; members: number; endpoints: number }
}

export type AccountQuotas = {
  keys: number
  members: number
  endpoints: number
  changes_per_minute: number
}

/** An account to create; `owner_email` is invited as its owner. */
export type NewAccount = { name: string; owner_email?: string | undefined }

/** A new account. */
export type CreatedAccount = PlatformAccount & { invitation: OwnerInvitation | null }

/** The invitation of an owner. `url` is a secret: who has it can become the owner. null: it was mailed. */
export type OwnerInvitation = { id: string; email: string; expires_at: string; url: string | null }

/** Changes of an account: absent fields stay; a quota of null is the default again. */
export type AccountChanges = {
  name?: string | undefined
  quotas?: { [Quota in keyof AccountQuotas]?: number | null | undefined } | undefined
}

/** Filters of the list of accounts; all of them must match. */
export type AccountQuery = PageQuery & {
  /** Part of a name, or an id. */
  search?: string | undefined
  status?: AccountStatus | undefined
}

/** RFC 3339 times or dates; the last 30 days by day where left out. */
export type UsageQuery = {
  from?: string | undefined
  to?: string | undefined
  granularity?: 'hour' | 'day' | undefined
}

/** Requests by the code that they were answered with. */
export type Usage = {
  granularity: 'hour' | 'day'
  from: string
  to: string
  total: number
  counts: Record<string, number>
  series: { time: string; total: number; counts: Record<string, number> }[]
}

/** The requests of several keys. */
export type UsageOfKeys = Pick<Usage, 'granularity' | 'from' | 'to'> & {
  keys: (Pick<Usage, 'total' | 'counts' | 'series'> & { id: string })[]
  missing: string[]
}

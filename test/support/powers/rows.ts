// The keys of accounts as D1 holds them: what a call did is the difference of two readings.
import { env } from 'cloudflare:workers'

export type Window = { name: string; limit: number; windowSeconds: number }
export type Bounds = {
  scopes: string[] | null
  environments: string[] | null
  externalIds: string[] | null
  maxLifetime: number | null
  rateLimit: Window[] | null
  maxKeys: number | null
}
export type Refill = { since: number; [field: string]: unknown }
export type Credits = { remaining: number; since: number; refill: Refill | null }

export type Row = {
  id: string
  accountId: string
  name: string
  format: string
  scopes: string[] | null
  disabled: boolean
  allowedIps: string[] | null
  externalId: string | null
  metadata: object | null
  rateLimit: Window[] | null
  credits: Credits | null
  limitsBy: string
  meterId: string | null
  mayGrant: Bounds | null
  createdBy: string | null
  madeBy: string | null
  grantedBy: string | null
  needsReview: boolean
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  revokedBy: string | null
  replacedBy: string | null
}

const columns = [
  'id, account_id, name, format, scopes, disabled, allowed_ips, external_id, metadata, rate_limit, credits,',
  'limits_by, meter_id, may_grant, created_by, made_by, granted_by, needs_review, created_at, expires_at,',
  'revoked_at, revoked_by, replaced_by',
].join(' ')
const inJson = new Set(['scopes', 'allowedIps', 'metadata', 'rateLimit', 'credits', 'mayGrant'])
const flags = new Set(['disabled', 'needsReview'])

/** Every key of these accounts, oldest first. */
export async function readRows(accountIds: readonly string[]): Promise<Row[]> {
  const { results } = await env.DB.prepare(
    `SELECT ${columns} FROM api_key WHERE account_id IN (SELECT value FROM json_each(?))
     ORDER BY created_at, id`,
  )
    .bind(JSON.stringify(accountIds))
    .all<Record<string, unknown>>()
  return results.map((row) => Object.fromEntries(Object.entries(row).map(parsed)) as unknown as Row)
}

function parsed([column, value]: [string, unknown]): [string, unknown] {
  const field = column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  if (flags.has(field)) return [field, value === 1]
  return [field, inJson.has(field) && typeof value === 'string' ? JSON.parse(value) : value]
}

// The key that a body describes.
import type { Fields } from './commands.ts'
import { accountOf, type ModelActor, rootOf } from './model.ts'
import type { Bounds, Credits, Row, Window } from './rows.ts'

export function madeByOf(actor: ModelActor): { madeBy: string; grantedBy: string | null } {
  return actor.kind === 'person'
    ? { madeBy: actor.id, grantedBy: actor.id }
    : { madeBy: rootOf(actor.row), grantedBy: null }
}

export function blankRow(actor: ModelActor, format: string, nowMs: number): Row {
  const createdBy = actor.kind === 'person' ? actor.id : actor.row.createdBy
  return {
    ...{ id: 'new', accountId: accountOf(actor), name: '', format, scopes: null, disabled: false },
    ...{ allowedIps: null, externalId: null, metadata: null, rateLimit: null, credits: null },
    ...{ limitsBy: 'key', meterId: null, mayGrant: null, createdBy, needsReview: false },
    ...{ createdAt: nowMs, expiresAt: null, revokedAt: null, revokedBy: null, replacedBy: null },
    ...madeByOf(actor),
  }
}

/** The row with these fields; what they leave out stays. */
export function applied(row: Row, fields: Fields, nowMs: number): Row {
  const { credits, may_grant, rate_limit } = fields
  const given = <Value>(value: Value | undefined, old: Value): Value =>
    value === undefined ? old : value
  return {
    ...row,
    name: fields.name ?? row.name,
    scopes: given(fields.scopes, row.scopes),
    allowedIps: given(fields.allowed_ips, row.allowedIps),
    externalId: given(fields.external_id, row.externalId),
    metadata: given(fields.metadata, row.metadata),
    limitsBy: fields.limits_by ?? row.limitsBy,
    expiresAt: given(fields.expires_at, row.expiresAt),
    rateLimit: rate_limit === undefined ? row.rateLimit : windowsOf(rate_limit),
    mayGrant: may_grant === undefined ? row.mayGrant : boundsOf(may_grant as never),
    credits:
      credits === undefined ? row.credits : credits && creditsOf(row.credits, credits, nowMs),
    disabled: fields.is_active === undefined ? row.disabled : !fields.is_active,
    needsReview: fields.needs_review ?? row.needsReview,
  }
}

function windowsOf(limits: NonNullable<Fields['rate_limit']> | null): Window[] | null {
  if (limits === null) return null
  return [limits].flat().map(({ name = 'default', limit, window_seconds }) => ({
    name,
    limit,
    windowSeconds: window_seconds,
  }))
}

type BoundsBody = { scopes?: string[]; max_keys?: number } | null

function boundsOf(given: BoundsBody): Bounds | null {
  if (given === null) return null
  const { scopes = null, max_keys: maxKeys = null } = given
  const none = { environments: null, externalIds: null, maxLifetime: null, rateLimit: null }
  // In the order in which they are stored: the same bounds again are no change.
  return { scopes, ...none, maxKeys }
}

/** A balance that is set begins anew, also with the same number: `since` is the time. */
function creditsOf(
  old: Credits | null,
  { remaining, refill }: NonNullable<Fields['credits']>,
  nowMs: number,
): Credits {
  const {
    remaining: kept,
    since,
    refill: oldRefill,
  } = old ?? { remaining: 0, since: 0, refill: null }
  const set = remaining === undefined ? { remaining: kept, since } : { remaining, since: nowMs }
  if (refill === undefined || refill === null)
    return { ...set, refill: refill === null ? null : oldRefill }
  const isSameRefill = isSame({ ...oldRefill, since: 0 }, { ...refill, since: 0 })
  return { ...set, refill: isSameRefill ? oldRefill : { ...refill, since: nowMs } }
}

export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

// Converts the body of a request to the attributes of a key.

import type { MayGrant } from '../../../core/actor.ts'
import type { CreditInput, LimitOwner, Window } from '../../../core/limits.ts'
import type { KeyAttributes, KeyEdits } from '../../../keys/attributes.ts'

export type KeyFields = {
  name?: string | undefined
  scopes?: string[] | null | undefined
  expires_at?: number | null | undefined
  allowed_ips?: string[] | null | undefined
  external_id?: string | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  rate_limit?: Window[] | null | undefined
  credits?: CreditInput | null | undefined
  limits_by?: LimitOwner | undefined
  may_grant?: MayGrant | null | undefined
  needs_review?: false | undefined
  is_active?: boolean | undefined
}

/** An omitted field of a new key is null. */
export function attributesOf(body: KeyFields & { name: string }): KeyAttributes {
  return {
    name: body.name,
    scopes: body.scopes ?? null,
    expiresAt: body.expires_at ?? null,
    allowedIps: body.allowed_ips ?? null,
    externalId: body.external_id ?? null,
    metadata: body.metadata ?? null,
    rateLimit: body.rate_limit ?? null,
    credits: body.credits ?? null,
    limitsBy: body.limits_by ?? 'key',
    mayGrant: body.may_grant ?? null,
  }
}

/** An omitted field stays undefined, which keeps its value. */
export function changesOf(body: KeyFields): KeyEdits {
  return {
    name: body.name,
    scopes: body.scopes,
    expiresAt: body.expires_at,
    allowedIps: body.allowed_ips,
    externalId: body.external_id,
    metadata: body.metadata,
    rateLimit: body.rate_limit,
    credits: body.credits,
    limitsBy: body.limits_by,
    mayGrant: body.may_grant,
    needsReview: body.needs_review,
    disabled: body.is_active === undefined ? undefined : !body.is_active,
  }
}

// The fields of a key in words, as the audit trail and a comparison of versions show them. Pure: no React, no I/O.
import type { DataOf, management } from '../api/client.ts'
import { exactTime } from './exact-time.ts'
import { numberText } from './number-text.ts'
import { lengthText, windowText } from './seconds.ts'

type Key = DataOf<(typeof management)['api-keys'][':id']['$get']>

export type KeyField = {
  name: string
  of: Exclude<keyof Key, 'environment' | 'format'>
  /** As audit events name it. */
  inEvents: string
  text: (key: Key) => string
}

export const keyFields: readonly KeyField[] = [
  { name: 'Name', of: 'name', inEvents: 'name', text: ({ name }) => name },
  {
    name: 'Enabled',
    of: 'is_active',
    inEvents: 'disabled',
    text: ({ is_active }) => (is_active ? 'Yes' : 'No'),
  },
  {
    name: 'Expires',
    of: 'expires_at',
    inEvents: 'expiresAt',
    text: ({ expires_at }) => (expires_at === null ? 'Never' : exactTime(expires_at)),
  },
  { name: 'Scopes', of: 'scopes', inEvents: 'scopes', text: ({ scopes }) => scopesText(scopes) },
  {
    name: 'Allowed IP addresses',
    of: 'allowed_ips',
    inEvents: 'allowedIps',
    text: ({ allowed_ips }) => allowed_ips?.join(', ') ?? 'All',
  },
  {
    name: 'External ID',
    of: 'external_id',
    inEvents: 'externalId',
    text: ({ external_id }) => external_id ?? 'None',
  },
  {
    name: 'Rate limits',
    of: 'rate_limit',
    inEvents: 'rateLimit',
    text: ({ rate_limit }) => limitsText(rate_limit),
  },
  {
    name: 'Credits',
    of: 'credits',
    inEvents: 'credits',
    text: ({ credits }) => creditsText(credits),
  },
  {
    name: 'Limits are shared',
    of: 'limits_by',
    inEvents: 'limitsBy',
    text: ({ limits_by }) => (limits_by === 'external_id' ? 'By the external ID' : 'No'),
  },
  {
    name: 'Metadata',
    of: 'metadata',
    inEvents: 'metadata',
    text: ({ metadata }) => (metadata === null ? 'None' : JSON.stringify(metadata)),
  },
  {
    name: 'May grant',
    of: 'may_grant',
    inEvents: 'mayGrant',
    text: ({ may_grant }) => grantLines(may_grant).join('. '),
  },
]

/** What a key may grant: one line for each bound, and one for the scopes in any case. */
export function grantLines(mayGrant: Key['may_grant']): string[] {
  if (mayGrant === null) return ['Nothing: the key only reads, restricts and revokes keys']
  const { scopes, environments, external_ids, max_lifetime, rate_limit, max_keys } = mayGrant
  return [
    grantedScopesText(scopes),
    environments && `In the environments: ${environments.join(', ') || 'none'}`,
    external_ids && `For the external IDs: ${external_ids.join(', ') || 'none'}`,
    max_lifetime !== null && `For at most ${lengthText(max_lifetime)}`,
    ...(rate_limit ?? []).map(
      ({ limit, window_seconds, mode }) =>
        `With a ${mode === 'fast' ? 'fast ' : ''}rate limit of ${numberText(limit)} per ${windowText(window_seconds)} or less`,
    ),
    max_keys !== null &&
      `At most ${numberText(max_keys)} ${max_keys === 1 ? 'key' : 'keys'} at a time`,
  ].filter((line) => typeof line === 'string')
}

function grantedScopesText(scopes: readonly string[] | null): string {
  if (scopes === null) return 'Any scope that is not reserved'
  return scopes.length === 0 ? 'Keys without scopes' : `Scopes: ${scopes.join(', ')}`
}

function scopesText(scopes: Key['scopes']): string {
  if (scopes === null) return 'Inherited'
  return scopes.length === 0 ? 'None' : scopes.join(', ')
}

function limitsText(windows: Key['rate_limit']): string {
  if (windows === null) return 'None'
  return windows
    .map(({ limit, window_seconds, mode }) => {
      const text = `${numberText(limit)} per ${windowText(window_seconds)}`
      return mode === 'fast' ? `${text}, fast` : text
    })
    .join(', ')
}

/** The balance is no part of a version. */
function creditsText(credits: Key['credits']): string {
  if (credits === null) return 'Unlimited'
  return credits.refill ? refillText(credits.refill) : 'Not refilled'
}

type Refill = NonNullable<NonNullable<Key['credits']>['refill']>

export function refillText({ amount, interval, ...rest }: Refill): string {
  const day = 'day' in rest ? rest.day : undefined
  const when = interval === 'daily' ? 'daily' : `on day ${day ?? 1} of every month`
  return `Refilled to ${numberText(amount)} ${when}`
}

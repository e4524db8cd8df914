// Managing keys with each bound of `may_grant`, and for each a key to which the bound matters.

/** `in <seconds>` from now stands in the place of a time. */
export type Body = Record<string, unknown>

const key = {
  name: 'A key',
  scopes: ['contacts:read'],
  external_id: 'customer-1',
  expires_at: 'in 1800',
  rate_limit: { limit: 5, window_seconds: 60 },
  credits: { remaining: 10 },
}
const every = {
  scopes: key.scopes,
  environments: ['live'],
  external_ids: [key.external_id],
  max_lifetime: 3_600,
  rate_limit: key.rate_limit,
  max_keys: 1_000,
}
/** The managing key. */
export const manager = { name: 'A key', scopes: ['keys:manage'], credits: { remaining: 10_000 } }

export type Situation = {
  heading: string
  mayGrant: Body | null
  /** The other key, as a body of `POST /api/api-keys`; null: the managing key itself. */
  key: Body | null
}

export const situations = {
  none: { heading: 'without `may_grant`', mayGrant: null, key },
  unbounded: { heading: 'with `{}`', mayGrant: {}, key },
  within: { heading: 'within every bound', mayGrant: every, key },
  scopes: {
    heading: 'beyond `scopes`',
    mayGrant: { scopes: key.scopes },
    key: { ...key, scopes: ['contacts:read', 'contacts:write'] },
  },
  environments: { heading: 'beyond `environments`', mayGrant: { environments: [] }, key },
  external_ids: {
    heading: 'beyond `external_ids`',
    mayGrant: { external_ids: [key.external_id] },
    key: { ...key, external_id: 'customer-2' },
  },
  max_lifetime: {
    heading: 'beyond `max_lifetime`',
    mayGrant: { max_lifetime: every.max_lifetime },
    key: { ...key, expires_at: 'in 7200' },
  },
  rate_limit: {
    heading: 'beyond `rate_limit`',
    mayGrant: { rate_limit: key.rate_limit },
    key: { ...key, rate_limit: { limit: 6, window_seconds: 60 } },
  },
  max_keys: { heading: 'beyond `max_keys`', mayGrant: { max_keys: 0 }, key },
  reserved: {
    heading: 'that holds a reserved scope',
    mayGrant: {},
    key: { ...key, scopes: ['keys:verify'] },
  },
  itself: { heading: 'itself', mayGrant: every, key: null },
} as const satisfies Record<string, Situation>

export type SituationName = keyof typeof situations

/** The body with times in the place of `in <seconds>`. */
export function withTimes(body: Body, nowMs: number): Body {
  const { expires_at, ...rest } = body
  const [, seconds] = /^in (\d+)$/.exec(String(expires_at)) ?? []
  if (seconds === undefined) return body
  return { ...rest, expires_at: new Date(nowMs + Number(seconds) * 1_000).toISOString() }
}

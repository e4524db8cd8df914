// Calls of every kind by actors of every kind, as data that fast-check can shrink.
import fc from '../fc.ts'

/** What the managing keys may grant; null: without `may_grant`. */
export const managers = {
  none: null,
  unbounded: {},
  scopes: { scopes: ['contacts:read'] },
  live: { environments: ['live'] },
  nowhere: { environments: [] },
  externalIds: { external_ids: ['x'] },
  maxLifetime: { max_lifetime: 1_200 },
  rateLimit: { rate_limit: { limit: 5, window_seconds: 60 } },
  maxKeys: { max_keys: 1 },
  together: {
    scopes: ['contacts:read'],
    environments: ['live'],
    external_ids: ['x'],
    max_lifetime: 1_200,
    rate_limit: { limit: 5, window_seconds: 60 },
    max_keys: 2,
  },
} as const

export type ActorName =
  | { person: 'owner' | 'admin' | 'member' | 'outsider' }
  /** `plain`: a key without keys:manage. `isOld`: the first token of its rotations, also when it is refused. */
  | { key: keyof typeof managers | 'plain'; isOld: boolean }

/** The fields of a body; `expires_in` seconds stand in the place of `expires_at`. */
export type Fields = {
  name?: string
  scopes?: string[] | null
  expires_in?: number | null
  /** Of `expires_in`, in milliseconds since 1970: when the call is made. */
  expires_at?: number | null
  allowed_ips?: string[] | null
  rate_limit?: Limit | Limit[] | null
  credits?: { remaining?: number; refill?: object | null } | null
  limits_by?: 'key' | 'external_id'
  external_id?: string | null
  metadata?: object | null
  may_grant?: object | null
  is_active?: boolean
  needs_review?: false
}
type Limit = { limit: number; window_seconds: number; name?: string }

/** Which keys the target is one of; `readable`: by the actor, and without reserved scopes. */
export type Among = 'all' | 'readable' | 'withCredits' | 'disabled'

export type Command = { by: ActorName; target: number; among: Among } & (
  | { does: 'create'; fields: Fields }
  | { does: 'import'; fields: Fields }
  | { does: 'patch'; fields: Fields }
  | { does: 'rotate'; overlap: number; fields: Pick<Fields, 'expires_in'> }
  | { does: 'delete' }
  | { does: 'read' }
  | { does: 'list' }
  | { does: 'revoke'; selection: 'ids' | 'created_by' | 'made_by' | 'external_id' }
  | { does: 'credits'; add: number }
  | { does: 'wait'; seconds: number }
)

const fields: {
  [Field in keyof Omit<Fields, 'expires_at'>]-?: fc.Arbitrary<Exclude<Fields[Field], undefined>>
} = {
  name: fc.constantFrom('One', 'Two'),
  scopes: fc.constantFrom(
    null,
    [],
    ['contacts:read'],
    ['contacts:read', 'contacts:write'],
    ['messages:send'],
    ['keys:verify'],
    ['keys:manage', 'contacts:read'],
  ),
  // None at the very edge of `max_lifetime`: the server's clock is later than the model's.
  expires_in: fc.constantFrom(null, 100, 1_000, 5_000),
  allowed_ips: fc.constantFrom(
    null,
    ['192.0.2.0/24'],
    ['192.0.2.7'],
    ['192.0.2.128/25', '192.0.2.7'],
    ['192.0.2.0/24', '198.51.100.1'],
    ['0.0.0.0/0'],
  ),
  rate_limit: fc.constantFrom(
    null,
    { limit: 5, window_seconds: 60 },
    { limit: 3, window_seconds: 60 },
    { limit: 6, window_seconds: 60 },
    { limit: 5, window_seconds: 61 },
    { limit: 5, window_seconds: 60, name: 'other' },
    { limit: 3, window_seconds: 60, name: 'third' },
    [
      { limit: 4, window_seconds: 60, name: 'default' },
      { limit: 9, window_seconds: 3_600, name: 'hour' },
    ],
    [
      { limit: 5, window_seconds: 60, name: 'default' },
      { limit: 20, window_seconds: 3_600, name: 'hour' },
    ],
  ),
  credits: fc.constantFrom(
    null,
    { remaining: 10 },
    { remaining: 1_000 },
    { refill: { interval: 'daily', amount: 5 } },
    {},
  ),
  limits_by: fc.constantFrom('key', 'external_id'),
  external_id: fc.constantFrom(null, 'x', 'y'),
  metadata: fc.constantFrom(null, { plan: 'gold' }, { plan: 'free' }),
  may_grant: fc.constantFrom(null, {}, { scopes: ['contacts:read'] }, { max_keys: 3 }),
  is_active: fc.boolean(),
  needs_review: fc.constant(false),
}
const ofPatch = fc.record(fields)
const { is_active: _, needs_review: __, ...ofNewKey } = fields

/** Limits more often: they are loosened in more ways than others. */
const fieldNames = [...Object.keys(fields), 'rate_limit', 'rate_limit', 'limits_by']

/** Few of the fields: a body with all of them is refused for one of them nearly always. */
const few = (all: fc.Arbitrary<Fields>, least: number, most: number) =>
  fc
    .tuple(all, fc.shuffledSubarray(fieldNames, { minLength: least, maxLength: most }))
    .map(([body, names]) => {
      const kept = Object.entries(body).filter(([name]) => names.includes(name))
      return Object.fromEntries(kept) as Fields
    })

/** Within every bound of `managers`. */
const within: Fields = {
  name: 'Within',
  scopes: ['contacts:read'],
  expires_in: 1_000,
  rate_limit: { limit: 5, window_seconds: 60 },
  external_id: 'x',
}
const credited: Fields[] = [
  { credits: { remaining: 10 } },
  { credits: { remaining: 10 }, limits_by: 'external_id' },
]
const newKey = fc
  .tuple(fc.constantFrom<Fields[]>({}, {}, ...credited), few(fc.record(ofNewKey), 0, 2))
  .map(([credits, own]): Fields => ({ ...within, ...credits, ...own }))

const by: fc.Arbitrary<ActorName> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ person: fc.constant('owner' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ person: fc.constantFrom('admin', 'admin', 'member', 'outsider') }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      // What may only tighten shows each loosening that is let through.
      key: fc.oneof(
        { weight: 4, arbitrary: fc.constant('none' as const) },
        { weight: 1, arbitrary: fc.constantFrom('together' as const, 'maxKeys' as const) },
        {
          weight: 2,
          arbitrary: fc.constantFrom(
            ...(Object.keys(managers) as (keyof typeof managers)[]),
            'plain' as const,
          ),
        },
      ),
      isOld: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    }),
  },
)

const does = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('create' as const), fields: newKey }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('import' as const), fields: newKey }) },
  {
    weight: 15,
    arbitrary: fc.record({
      does: fc.constant('patch' as const),
      // One alone: beside another loosening it would not be seen.
      fields: fc.oneof(
        { weight: 3, arbitrary: few(ofPatch, 1, 1) },
        { weight: 1, arbitrary: few(ofPatch, 0, 3) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('rotate' as const),
      overlap: fc.constantFrom(0, 900, 90_000),
      fields: fc.oneof(fc.constant({}), fc.record({ expires_in: fields.expires_in })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('delete', 'read') }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('list' as const) }) },
  { weight: 2, arbitrary: fc.constant({ does: 'patch', fields: { is_active: false } } as const) },
  {
    weight: 2,
    arbitrary: fc.constant({
      ...({ does: 'patch', fields: { is_active: true }, among: 'disabled' } as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('revoke' as const),
      selection: fc.constantFrom('ids', 'ids', 'created_by', 'made_by', 'external_id'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('credits' as const), add: fc.constantFrom(1, 500) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('wait' as const),
      seconds: fc.constantFrom(200, 2_000),
    }),
  },
)

const among: fc.Arbitrary<Among> = fc.constantFrom('all', 'readable', 'readable', 'withCredits')

export const sequences = (maxLength: number) =>
  fc.array(
    fc
      .tuple(by, fc.nat(30), among, does)
      .map(([by, target, among, what]) => ({ by, target, among, ...what }) as Command),
    { minLength: Math.ceil(maxLength / 2), maxLength, size: 'max' },
  )

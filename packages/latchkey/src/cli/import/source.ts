// Where the keys come from: which columns hold what, and which rows are of keys that work no more.

export type Row = Record<string, unknown>

export type Source = {
  /** The names of columns, the first that is there counts. Each source also takes the names of Latchkey's own. */
  columns: Record<Field, readonly string[]>
  /** The foreign format of latchkey.config.ts that its guide declares. */
  format: string | undefined
  hasScopes: boolean
  /** Why a row is no key that works: it is skipped. */
  isOff: (row: Row) => boolean
}

export const fields = [
  ...(['digest', 'name', 'key_prefix', 'scopes', 'expires_at', 'external_id', 'metadata'] as const),
]
export type Field = (typeof fields)[number]

const own = Object.fromEntries(fields.map((field) => [field, [field]])) as Record<Field, string[]>

/** By name, as the guides docs/moving-from-*.md are. */
export const sources = {
  unkey: {
    columns: {
      ...own,
      digest: ['hash', 'digest'],
      name: ['name', 'id'],
      key_prefix: ['start', 'key_prefix'],
      expires_at: ['expires', 'expires_at'],
      external_id: ['identity_id', 'owner_id', 'external_id'],
      metadata: ['meta', 'metadata'],
    },
    format: 'unkey',
    hasScopes: false,
    isOff: ({ enabled, deleted_at_m, for_workspace_id }) =>
      isFalse(enabled) || isSet(deleted_at_m) || isSet(for_workspace_id),
  },
  'better-auth': {
    columns: {
      ...own,
      digest: ['key', 'digest'],
      name: ['name', 'id'],
      key_prefix: ['start', 'key_prefix'],
      expires_at: ['expiresAt', 'expires_at'],
      external_id: ['referenceId', 'userId', 'external_id'],
    },
    format: 'better_auth',
    hasScopes: false,
    isOff: ({ enabled }) => isFalse(enabled),
  },
  wacrm: {
    columns: { ...own, digest: ['key_hash', 'digest'], external_id: ['id', 'external_id'] },
    format: 'wacrm',
    hasScopes: true,
    isOff: ({ revoked_at }) => isSet(revoked_at),
  },
  latchkey: { columns: own, format: undefined, hasScopes: true, isOff: () => false },
} as const satisfies Record<string, Source>

export type SourceName = keyof typeof sources

/** What a field holds; undefined for nothing, as which "" counts: CSV has no null. */
export function heldIn(row: Row, names: readonly string[]): unknown {
  const name = names.find((each) => isSet(row[each]))
  return name === undefined ? undefined : row[name]
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** As databases and their CSV write it. */
function isFalse(value: unknown): boolean {
  return value === false || value === 0 || /^(0|f|false)$/i.test(String(value))
}

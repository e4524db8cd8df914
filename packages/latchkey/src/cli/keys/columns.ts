// A key in a terminal.
import type { Key } from '../../types.ts'
import { type Column, printDetails } from '../table.ts'
import type { colour } from '../terminal.ts'

const statusColours: Record<Key['status'], Parameters<typeof colour>[0]> = {
  active: 'green',
  disabled: 'yellow',
  expired: 'yellow',
  revoked: 'red',
}

export const keyColumns: readonly Column<Key>[] = [
  { title: 'id', of: ({ id }) => id, isWhole: true },
  { title: 'name', of: ({ name }) => name },
  { title: 'key', of: ({ key_prefix }) => `${key_prefix}…` },
  { title: 'status', of: ({ status }) => status, colour: ({ status }) => statusColours[status] },
  { title: 'scopes', of: (key) => scopesText(key) },
  { title: 'expires', of: ({ expires_at }) => dayOf(expires_at) ?? 'never' },
  { title: 'last used', of: ({ last_used_at }) => dayOf(last_used_at) ?? 'never' },
]

function scopesText({ scopes }: Key): string {
  if (scopes === null) return 'inherits'
  return scopes.length === 0 ? 'none' : scopes.join(', ')
}

function dayOf(time: string | null): string | null {
  return time?.slice(0, 10) ?? null
}

export function printKey(key: Key): void {
  const windows = key.rate_limit?.map(
    ({ limit, window_seconds, mode }) =>
      `${limit} in ${window_seconds} s${mode === 'fast' ? ', fast' : ''}`,
  )
  const optional = [
    ['External id', key.external_id],
    ['Metadata', key.metadata && JSON.stringify(key.metadata)],
    ['Addresses', key.allowed_ips?.join(', ')],
    ['Rate limit', windows?.join(', ')],
    ['Credits', key.credits && (key.credits.remaining ?? 'not known now')],
    ['May grant', key.may_grant && JSON.stringify(key.may_grant)],
    ['Revoked', key.revoked_at],
    ['Replaced by', key.replaced_by],
  ] as const
  printDetails([
    ['Id', key.id],
    ['Name', key.name],
    ['Key', `${key.key_prefix}… (${key.format}, ${key.environment})`],
    ['Status', key.needs_review ? `${key.status}, needs review` : key.status],
    ['Scopes', scopesText(key)],
    ...optional.filter(([, value]) => value !== null && value !== undefined),
    ['Created', `${key.created_at} by ${key.created_by_name ?? key.made_by ?? 'nobody known'}`],
    ['Expires', key.expires_at ?? 'never'],
    ['Last used', key.last_used_at ?? 'never'],
  ])
}

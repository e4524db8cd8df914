import { Select } from '@cloudflare/kumo/components/select'
import { Link } from 'wouter'
import { SearchField } from '../ui/search-field.tsx'
import { exactTime } from '../ui/time.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import type { KeyFilter } from './api.ts'
import { useEnvironments } from './environment.tsx'
import { statuses, statusName } from './status-badge.tsx'

const ofToken = {
  by: prefixOfToken,
  note: 'You pasted a whole token. Only its prefix is used for the search.',
}

export function KeyFilters({ filter }: { filter: KeyFilter }) {
  const setParam = useSetSearchParam()
  const environments = useEnvironments()
  return (
    <search className="flex flex-wrap items-start gap-3 border-b border-kumo-hairline p-3">
      <div className="min-w-48 flex-1">
        <SearchField
          label="Search by name, prefix or external ID"
          initial={filter.search ?? ''}
          onSearch={(text) => setParam('search', text)}
          replace={ofToken}
        />
      </div>
      <Select
        aria-label="Status"
        className="w-36 sm:w-40"
        value={filter.status ?? 'all'}
        onValueChange={(next) => setParam('status', next === 'all' ? null : next)}
        items={{
          all: 'All statuses',
          ...Object.fromEntries(statuses.map((status) => [status, statusName(status)])),
        }}
      />
      {environments.length > 1 && (
        <Select
          aria-label="Environment"
          className="w-40 sm:w-44"
          value={filter.environment ?? 'any'}
          onValueChange={(next) => setParam('environment', next === 'any' ? null : next)}
          items={{
            any: 'All environments',
            ...Object.fromEntries(environments.map((name) => [name, name])),
          }}
        />
      )}
      <OtherFilters filter={filter} />
    </search>
  )
}

/** Those that a link has set and no field shows. */
function OtherFilters({ filter: { expires_before, unused_for, sort } }: { filter: KeyFilter }) {
  const texts = [
    expires_before && `Expiring before ${exactTime(expires_before)}`,
    unused_for && `Unused for ${unused_for.replace(/d$/, ' days')}`,
    sort === 'last_used_at' && 'Never used first, then by last use',
    sort === '-expires_at' && 'Without expiry first, then the latest',
  ].filter(Boolean)
  if (texts.length === 0) return null
  return (
    <p className="basis-full text-sm text-kumo-subtle">
      {texts.join('. ')}.{' '}
      <Link href="/keys" className="text-kumo-link underline">
        Clear
      </Link>
    </p>
  )
}

/**
 * The prefix of a pasted token, as the list shows it. Searches appear in addresses and in logs, which must not
 * contain a token.
 */
function prefixOfToken(text: string): string | null {
  const found = /^\s*[A-Za-z][A-Za-z0-9_-]*_([0-9A-Za-z]{16,})\s*$/.exec(text)
  return found?.[1]?.slice(0, 8) ?? null
}

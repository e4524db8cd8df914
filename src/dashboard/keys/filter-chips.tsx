import { XIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'
import { useMember } from '../session/signed-in.tsx'
import { exactTime } from '../ui/exact-time.ts'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import type { KeyFilter } from './api.ts'
import { orderName } from './key-orders.ts'

/** The filters that no field above the list shows. Each can be removed by itself. */
export function FilterChips({ filter }: { filter: KeyFilter }) {
  const setParam = useSetSearchParam()
  const { scope, external_id, created_by, expires_before, unused_for, sort } = filter
  const creator = useMember(created_by ?? null)
  const texts: Partial<Record<keyof KeyFilter, string | undefined>> = {
    scope: scope && `With ${scope}`,
    external_id: external_id && `Of customer ${external_id}`,
    created_by: created_by && `Created by ${creator?.user.name ?? 'a former member'}`,
    expires_before: expires_before && `Expiring before ${exactTime(expires_before)}`,
    unused_for: unused_for && `Unused for ${unused_for.replace(/d$/, ' days')}`,
    sort: sort && orderName[sort],
  }
  const chips = Object.entries(texts).filter(([, text]) => text)
  if (chips.length === 0) return null
  return (
    <ul aria-label="Filters" className="flex basis-full flex-wrap items-center gap-2 text-sm">
      {chips.map(([name, text]) => (
        <li key={name} className="max-w-full">
          <button
            type="button"
            title="Remove this filter"
            className="flex max-w-full items-center gap-1.5 rounded-full bg-kumo-recessed px-2.5 py-1 text-kumo-default outline-none hover:bg-kumo-tint focus-visible:ring-2 focus-visible:ring-kumo-focus"
            onClick={() => setParam(name, null)}
          >
            <bdi className="truncate">{text}</bdi>
            <span className="sr-only">. Remove this filter</span>
            <XIcon size={12} aria-hidden className="shrink-0" />
          </button>
        </li>
      ))}
      <li>
        <Link href="/keys" className="text-kumo-link underline">
          Clear all
        </Link>
      </li>
    </ul>
  )
}

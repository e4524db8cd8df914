import { FilterSelect } from '../ui/filter-select.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { statuses, statusName } from './account-status.tsx'
import type { AccountFilter } from './api.ts'

export function AccountFilters({ filter }: { filter: AccountFilter }) {
  const setParam = useSetSearchParam()
  return (
    <search className="flex flex-wrap items-start gap-3 border-b border-kumo-hairline p-3">
      <div className="min-w-48 flex-1">
        <SearchField
          label="Search by name or ID"
          initial={filter.search ?? ''}
          onSearch={(text) => setParam('search', text)}
        />
      </div>
      <FilterSelect
        label="Status"
        className="w-40"
        value={filter.status ?? 'all'}
        onValueChange={(next) => setParam('status', next === 'all' ? null : next)}
        items={{
          all: 'All statuses',
          ...Object.fromEntries(statuses.map((status) => [status, statusName(status)])),
        }}
      />
    </search>
  )
}

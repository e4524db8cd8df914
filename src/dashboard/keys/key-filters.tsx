import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FilterSelect } from '../ui/filter-select.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { formatsQuery, type KeyFilter } from './api.ts'
import { useEnvironments } from './environment.tsx'
import { ExportKeys } from './export-keys.tsx'
import { FilterChips } from './filter-chips.tsx'
import { MoreFilters, moreFiltersId } from './more-filters.tsx'
import { statuses, statusName } from './status-badge.tsx'
import { noteOfToken, prefixOfToken } from './token-prefix.ts'

export function KeyFilters({ filter }: { filter: KeyFilter }) {
  const setParam = useSetSearchParam()
  const [isOpen, setIsOpen] = useState(false)
  const environments = useEnvironments()
  const { data: formats } = useQuery(formatsQuery)
  return (
    <search className="flex flex-wrap items-start gap-3 border-b border-kumo-hairline p-3">
      <div className="min-w-48 flex-1">
        <SearchField
          label="Search by name, prefix or external ID"
          initial={filter.search ?? ''}
          onSearch={(text) => setParam('search', text)}
          replace={{ by: (typed) => prefixOfToken(typed, formats), note: noteOfToken }}
        />
      </div>
      <FilterSelect
        label="Status"
        className="w-36 sm:w-40"
        value={filter.status ?? 'all'}
        onValueChange={(next) => setParam('status', next === 'all' ? null : next)}
        items={{
          all: 'All statuses',
          ...Object.fromEntries(statuses.map((status) => [status, statusName(status)])),
        }}
      />
      {environments.length > 1 && (
        <FilterSelect
          label="Environment"
          className="w-40 sm:w-44"
          value={filter.environment ?? 'any'}
          onValueChange={(next) => setParam('environment', next === 'any' ? null : next)}
          items={{
            any: 'All environments',
            ...Object.fromEntries(environments.map((name) => [name, name])),
          }}
        />
      )}
      <Button
        aria-expanded={isOpen}
        aria-controls={moreFiltersId}
        className="font-normal"
        onClick={() => setIsOpen(!isOpen)}
      >
        More filters
      </Button>
      <ExportKeys filter={filter} />
      {isOpen && <MoreFilters filter={filter} />}
      <FilterChips filter={filter} />
    </search>
  )
}

// Filters that are seldom used: their code is loaded when they are opened.
import { Suspense } from 'react'
import { Boundary, failedPart } from '../ui/boundary.tsx'
import { chunk } from '../ui/chunk.ts'
import type { KeyFilter } from './api.ts'

const Fields = chunk<{ filter: KeyFilter }>(() => import('./filter-fields.tsx'))

export const moreFiltersId = 'more-filters'

export function MoreFilters({ filter }: { filter: KeyFilter }) {
  return (
    <div
      id={moreFiltersId}
      className="grid basis-full items-start gap-3 *:min-w-0 sm:grid-cols-2 lg:grid-cols-3"
    >
      <Boundary fallback={failedPart}>
        <Suspense fallback={null}>
          <Fields filter={filter} />
        </Suspense>
      </Boundary>
    </div>
  )
}

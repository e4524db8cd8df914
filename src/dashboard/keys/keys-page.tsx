// Settings → API keys: all keys of the account, newest first; revoked ones stay as the record.
import { useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { type KeyQuery, keysQuery } from '../api/queries.ts'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { Pager, usePlace } from '../ui/pager.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { KeyFilters } from './key-filters.tsx'
import { KeyTable } from './key-table.tsx'
import { NewKeyButton } from './new-key-button.tsx'
import { NoKeys, NoMatch } from './no-keys.tsx'
import { statuses } from './status-badge.tsx'

const pageSize = '25'

export default function KeysPage() {
  const { filter, isFiltered } = useFilter()
  const place = usePlace(JSON.stringify(filter))
  const list = useQuery(
    keysQuery({ ...filter, limit: pageSize, ...(place.cursor && { cursor: place.cursor }) }),
  )
  const keys = list.data?.data
  const isEmpty = keys?.length === 0 && place.page === 1
  return (
    <Page
      title="API keys"
      description="For servers and scripts that call your API. A revoked key fails with its very next request."
      actions={!(isEmpty && !isFiltered) && <NewKeyButton />}
    >
      <ProblemBanner problem={list.error} onRetry={() => list.refetch()} />
      {isEmpty && !isFiltered ? (
        <NoKeys />
      ) : (
        <div className={`${surface} ${tableEdges} overflow-hidden`}>
          <KeyFilters filter={filter} />
          {keys === undefined ? (
            list.isPending && <ListSkeleton label="Loading the keys" />
          ) : isEmpty ? (
            <NoMatch />
          ) : (
            <div className={list.isPlaceholderData ? 'opacity-60' : ''}>
              <KeyTable keys={keys} />
            </div>
          )}
          <Pager place={place} next={list.data?.next_cursor} isLoading={list.isPlaceholderData} />
        </div>
      )}
    </Page>
  )
}

export type KeyFilter = Pick<KeyQuery, 'status' | 'search'>

/** From the address, so that a filtered list can be shared and found again by going back. */
function useFilter() {
  const [params] = useSearchParams()
  const status = statuses.find((known) => known === params.get('status'))
  const search = params.get('search')
  const filter: KeyFilter = { ...(status && { status }), ...(search && { search }) }
  return { filter, isFiltered: Object.keys(filter).length > 0 }
}

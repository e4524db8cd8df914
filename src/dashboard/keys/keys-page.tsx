// The keys of the account, newest first, including revoked keys.
import { useQuery } from '@tanstack/react-query'
import { QuotaNotice } from '../session/quota-notice.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { useCursorPages } from '../ui/pager.tsx'
import { keysQuery, pageSize } from './api.ts'
import { KeyCounts } from './key-counts.tsx'
import { KeyFilters } from './key-filters.tsx'
import { KeyTable } from './key-table.tsx'
import { NewKeyButton } from './new-key-button.tsx'
import { NoKeys, NoMatch } from './no-keys.tsx'
import { SelectedKeys } from './selected-keys.tsx'
import { useKeyFilter } from './use-key-filter.ts'
import { useSelection } from './use-selection.ts'

export default function KeysPage() {
  const filter = useKeyFilter()
  const { standing } = useSignedIn()
  // No key of such an account is active, whatever it is by itself.
  const areKeysStopped = standing.suspended_at !== null || standing.closes_at !== null
  const selection = useSelection(filter)
  const pages = useCursorPages()
  const list = useQuery(keysQuery({ ...filter, limit: pageSize, ...pages.query }))
  const isFiltered = Object.keys(filter).length > 0
  const hasNoKeys = !isFiltered && pages.number === 1 && list.data?.data.length === 0
  return (
    <Page
      title="API keys"
      description="Keys for servers and scripts that call your API. A revoked key is rejected from its next request on."
      actions={!hasNoKeys && <NewKeyButton />}
    >
      <QuotaNotice quota="keys" />
      {hasNoKeys ? (
        <NoKeys />
      ) : (
        <div className={`${surface} ${tableEdges} overflow-hidden`}>
          {areKeysStopped || <KeyCounts filter={filter} />}
          <KeyFilters filter={filter} />
          <SelectedKeys selection={selection} />
          <PagedList
            list={list}
            pages={pages}
            loading="Loading keys"
            isSorted={filter.sort !== undefined}
            empty={<NoMatch hasMore={typeof list.data?.next_cursor === 'string'} />}
          >
            {(keys) => <KeyTable keys={keys} sort={filter.sort} selection={selection} />}
          </PagedList>
        </div>
      )}
    </Page>
  )
}

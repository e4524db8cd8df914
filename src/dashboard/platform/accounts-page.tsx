// All accounts of the deployment: for the owners of its platform account.
import { PlusIcon } from '@phosphor-icons/react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { PrimaryAction } from '../session/read-only.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { LoadMore } from '../ui/load-more.tsx'
import NotFoundPage from '../ui/not-found-page.tsx'
import { Page } from '../ui/page.tsx'
import { EmptyText } from '../ui/paged-list.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { AccountFilters } from './account-filters.tsx'
import { statuses } from './account-status.tsx'
import { AccountTable } from './account-table.tsx'
import { type AccountFilter, accountsQuery } from './api.ts'
import { CreateAccountDialog } from './create-account-dialog.tsx'

export default function AccountsPage() {
  const { standing, role } = useSignedIn()
  const [isCreating, setIsCreating] = useState(false)
  if (!standing.is_platform || role !== 'owner') return <NotFoundPage />
  return (
    <Page
      title="Accounts"
      description="The accounts that this Latchkey serves. Each has its own keys, members and audit log, and sees nothing of the others."
      actions={
        <PrimaryAction icon={PlusIcon} onClick={() => setIsCreating(true)}>
          Create account
        </PrimaryAction>
      }
    >
      <AccountList />
      {isCreating && <CreateAccountDialog onClose={() => setIsCreating(false)} />}
    </Page>
  )
}

function AccountList() {
  const filter = useAccountFilter()
  const list = useInfiniteQuery(accountsQuery(filter))
  const accounts = list.data?.pages.flatMap(({ data }) => data)
  return (
    <div className={`${surface} ${tableEdges} overflow-hidden`}>
      <AccountFilters filter={filter} />
      {list.error && (
        <div className="p-4">
          <QueryProblem query={list} />
        </div>
      )}
      {list.isPending && <ListSkeleton label="Loading accounts" />}
      {accounts && (
        <div className={list.isPlaceholderData ? 'opacity-60' : ''}>
          {accounts.length === 0 ? (
            <EmptyText>
              {list.hasNextPage ? 'No matching accounts so far.' : 'No matching accounts.'}
            </EmptyText>
          ) : (
            <AccountTable accounts={accounts} />
          )}
        </div>
      )}
      <LoadMore list={list} />
    </div>
  )
}

/** In the address, so that a filtered list survives going back. */
function useAccountFilter(): AccountFilter {
  const [params] = useSearchParams()
  const status = statuses.find((known) => known === params.get('status'))
  const search = params.get('search')
  return { ...(status && { status }), ...(search && { search }) }
}

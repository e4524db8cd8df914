// A list that the API returns in pages: its loading state, its error and its pager.
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type CursorPages, Pager } from './pager.tsx'
import { ProblemBanner } from './problem-banner.tsx'
import { ListSkeleton } from './skeleton.tsx'

type Props<Item> = {
  list: UseQueryResult<{ data: Item[]; next_cursor: string | null }>
  pages: CursorPages
  /** For screen readers, while the first page loads. */
  loading: string
  empty: ReactNode
  isSorted?: boolean
  children: (items: readonly Item[]) => ReactNode
}

export function PagedList<Item>(props: Props<Item>) {
  const { list, pages, loading, empty, isSorted = false, children } = props
  const items = list.data?.data
  return (
    <>
      {list.error && (
        <div className="p-4">
          <ProblemBanner problem={list.error} onRetry={() => list.refetch()} />
        </div>
      )}
      {list.isPending && <ListSkeleton label={loading} />}
      {items && (
        <div className={list.isPlaceholderData ? 'opacity-60' : ''}>
          {items.length === 0 ? empty : children(items)}
        </div>
      )}
      <Pager
        pages={pages}
        next={list.data?.next_cursor}
        isLoading={list.isPlaceholderData}
        isSorted={isSorted}
      />
    </>
  )
}

/** For a list inside a card. */
export function EmptyText({ children }: { children: string }) {
  return <p className="px-4 py-8 text-center text-base text-kumo-subtle">{children}</p>
}

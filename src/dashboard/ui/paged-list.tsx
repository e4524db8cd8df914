// A list that the API returns in pages: its loading state, its error and its pager.
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { type CursorPages, Pager } from './pager.tsx'
import { QueryProblem } from './query-problem.tsx'
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
  const top = useRef<HTMLDivElement>(null)
  // The button that was pressed is disabled while the page loads, and would leave the focus nowhere.
  useEffect(() => {
    if (!pages.wasTurned.current || list.isPlaceholderData || items === undefined) return
    pages.wasTurned.current = false
    top.current?.focus({ preventScroll: true })
    top.current?.scrollIntoView({ block: 'start' })
  }, [pages, list.isPlaceholderData, items])
  return (
    <>
      {list.error && (
        <div className="p-4 empty:hidden">
          <QueryProblem query={list} />
        </div>
      )}
      {list.isPending && <ListSkeleton label={loading} />}
      {items && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for inputs.
        <div
          ref={top}
          role="group"
          tabIndex={-1}
          aria-label={`Page ${pages.number}`}
          className={`scroll-mt-4 outline-none ${list.isPlaceholderData ? 'opacity-60' : ''}`}
        >
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

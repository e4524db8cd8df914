// Pages of a list with cursors. A cursor only leads forward, so the cursors of earlier pages are kept.
import { Button } from '@cloudflare/kumo/components/button'
import { CaretLeftIcon, CaretRightIcon } from '@phosphor-icons/react'
import { useState } from 'react'

/** Returns to the first page whenever `filter` changes. */
export function useCursorPages(filter: string) {
  const [state, setState] = useState<{ filter: string; cursors: string[] }>({ filter, cursors: [] })
  const cursors = state.filter === filter ? state.cursors : []
  const cursor = cursors.at(-1)
  return {
    /** The query parameter of the current page. */
    query: cursor === undefined ? {} : { cursor },
    number: cursors.length + 1,
    goForward: (next: string) => setState({ filter, cursors: [...cursors, next] }),
    goBack: () => setState({ filter, cursors: cursors.slice(0, -1) }),
  }
}

export type CursorPages = ReturnType<typeof useCursorPages>

type Props = {
  pages: CursorPages
  next: string | null | undefined
  isLoading: boolean
  /** In another order than the newest first. */
  isSorted?: boolean
}

export function Pager({ pages, next, isLoading, isSorted = false }: Props) {
  if (pages.number === 1 && !next) return null
  return (
    <nav
      aria-label="Pages"
      className="flex items-center justify-between gap-3 border-t border-kumo-hairline px-4 py-2.5"
    >
      <span role="status" className="text-sm text-kumo-subtle">
        Page {pages.number}
      </span>
      <span className="flex gap-2">
        <Button
          size="sm"
          icon={CaretLeftIcon}
          disabled={pages.number === 1 || isLoading}
          onClick={pages.goBack}
        >
          {isSorted ? 'Previous' : 'Newer'}
        </Button>
        <Button
          size="sm"
          disabled={!next || isLoading}
          onClick={() => next && pages.goForward(next)}
        >
          {isSorted ? 'Next' : 'Older'}
          <CaretRightIcon aria-hidden />
        </Button>
      </span>
    </nav>
  )
}

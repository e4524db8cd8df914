// Pages of a list with cursors. The page is in the address, so that going back, a reload and a shared link show it.
import { Button } from '@cloudflare/kumo/components/button'
import { CaretLeftIcon, CaretRightIcon } from '@phosphor-icons/react'
import { useRef } from 'react'
import { useSearchParams } from 'wouter'
import { useHistoryState } from 'wouter/use-browser-location'

/** A cursor only leads forward, so the history entry of a page keeps the cursors of those before it. */
type Entry = { earlier?: readonly string[] } | null

export function useCursorPages() {
  const [params, setParams] = useSearchParams()
  const { earlier = [] } = useHistoryState<Entry>() ?? {}
  const wasTurned = useRef(false)
  const cursor = params.get('cursor')
  const number = cursor === null ? 1 : Math.max(2, Number(params.get('page')) || 2)
  const turnTo = (page: number, next: string | undefined, cursors: readonly string[]) => {
    wasTurned.current = true
    const state: Entry = { earlier: cursors }
    setParams((old) => withPage(old, page, next), { state })
  }
  return {
    /** The query parameter of the current page. */
    query: cursor === null ? {} : { cursor },
    number,
    /** Whether the page before this one is known: that of a shared link is not. */
    knowsEarlier: number <= 2 || earlier.length === number - 2,
    /** Set when a person turned the page, until the list has followed. */
    wasTurned,
    goForward: (next: string) =>
      turnTo(number + 1, next, cursor === null ? [] : [...earlier, cursor]),
    goBack() {
      const isKnown = earlier.length > 0 && earlier.length === number - 2
      if (isKnown) turnTo(number - 1, earlier.at(-1), earlier.slice(0, -1))
      else turnTo(1, undefined, [])
    },
  }
}

export type CursorPages = ReturnType<typeof useCursorPages>

function withPage(params: URLSearchParams, page: number, cursor: string | undefined) {
  const next = withoutPage(params)
  if (cursor !== undefined) {
    next.set('page', String(page))
    next.set('cursor', cursor)
  }
  return next
}

/** The first page: a cursor belongs to the filter that it came with. */
export function withoutPage(params: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(params)
  next.delete('page')
  next.delete('cursor')
  return next
}

type Props = {
  pages: CursorPages
  next: string | null | undefined
  isLoading: boolean
  /** In another order than the newest first. */
  isSorted?: boolean
}

export function Pager({ pages, next, isLoading, isSorted = false }: Props) {
  if (pages.number === 1 && !next) return null
  const previous = pages.knowsEarlier ? (isSorted ? 'Previous' : 'Newer') : 'First page'
  return (
    <nav
      aria-label="Pages"
      className="flex items-center justify-between gap-3 border-t border-kumo-hairline px-4 py-2.5 print:hidden"
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
          {previous}
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

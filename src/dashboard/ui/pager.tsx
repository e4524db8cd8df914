// Forwards and back through a list that is read by cursor: a cursor leads on only, so the ones before are kept.
import { Button } from '@cloudflare/kumo/components/button'
import { CaretLeftIcon, CaretRightIcon } from '@phosphor-icons/react'
import { useState } from 'react'

/** The place in a list; back at its beginning whenever `filter` changes. */
export function usePlace(filter: string) {
  const [place, setPlace] = useState<{ filter: string; before: string[] }>({ filter, before: [] })
  const before = place.filter === filter ? place.before : []
  return {
    cursor: before.at(-1),
    page: before.length + 1,
    goTo: (cursor: string) => setPlace({ filter, before: [...before, cursor] }),
    goBack: () => setPlace({ filter, before: before.slice(0, -1) }),
  }
}

type Props = {
  place: ReturnType<typeof usePlace>
  next: string | null | undefined
  isLoading: boolean
}

export function Pager({ place, next, isLoading }: Props) {
  if (place.page === 1 && !next) return null
  return (
    <nav
      aria-label="Pages"
      className="flex items-center justify-between gap-3 border-t border-kumo-hairline px-4 py-2.5"
    >
      <span role="status" className="text-sm text-kumo-subtle">
        Page {place.page}
      </span>
      <span className="flex gap-2">
        <Button
          size="sm"
          icon={CaretLeftIcon}
          disabled={place.page === 1 || isLoading}
          onClick={place.goBack}
        >
          Newer
        </Button>
        <Button size="sm" disabled={!next || isLoading} onClick={() => next && place.goTo(next)}>
          Older
          <CaretRightIcon aria-hidden />
        </Button>
      </span>
    </nav>
  )
}

// What is below the fold of the first page that a visit shows is drawn after what is above it.
import { startTransition, useEffect, useState } from 'react'

/** At 900 px, ten rows of the list are in view. */
const inView = 12

let hasDrawn = false

/** The first rows of a list, and soon all: for the first draw of a visit. Any later one shows all at once. */
export function useInView<Item>(items: readonly Item[]): readonly Item[] {
  const [isWhole, setIsWhole] = useState(hasDrawn)
  useEffect(() => {
    hasDrawn = true
    startTransition(() => setIsWhole(true))
  }, [])
  return isWhole ? items : items.slice(0, inView)
}

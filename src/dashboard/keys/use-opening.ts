// A dialog of a key's page that an address opens, such as `?open=enable`.
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { useGoBack } from '../ui/from-page.ts'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { type KeyOpening, openingOfParams } from '../usage/key-change.ts'

/** `close`: goes back to the page that led here. Nothing where it was not opened by the address. */
export function useOpening(name: KeyOpening): { isOpened: boolean; close: () => void } {
  const [params] = useSearchParams()
  const setParam = useSetSearchParam()
  const [isOpened, setIsOpened] = useState(openingOfParams(params) === name)
  const leave = useGoBack(() => setParam('open', null))
  return {
    isOpened,
    close() {
      if (!isOpened) return
      setIsOpened(false)
      leave()
    },
  }
}

// The token of a mailed link stands in the fragment, which no server gets. It leaves the address bar and the history of the
// tab at once.
import { useEffect, useState } from 'react'

/** '' when the address has none. */
export function useLinkToken(): string {
  const [token, setToken] = useState(fragment)
  useEffect(() => {
    const take = () => {
      const next = fragment()
      if (next === '') return
      setToken(next)
      history.replaceState(history.state, '', location.pathname + location.search)
    }
    take()
    // Another link that is opened in this tab only changes the fragment.
    addEventListener('hashchange', take)
    return () => removeEventListener('hashchange', take)
  }, [])
  return token
}

const fragment = () => location.hash.slice(1)

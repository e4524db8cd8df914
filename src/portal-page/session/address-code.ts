// The code of the link, which the host's redirect puts into the fragment. It leaves the address and the history before anything else
// happens: imported first.

let code = takeFromAddress()

function takeFromAddress(): string | null {
  const { hash, pathname } = location
  if (hash !== '') history.replaceState(null, '', pathname)
  return new URLSearchParams(hash.slice(1)).get('code')
}

/** Once. */
export function takeCode(): string | null {
  const taken = code
  code = null
  return taken
}

/** Another link that is opened in this tab changes the fragment alone, and loads no page. */
export function onNextCode(handle: () => void): void {
  addEventListener('hashchange', () => {
    const next = takeFromAddress()
    if (next === null) return
    code = next
    handle()
  })
}

// The token of the session: in memory, and in the storage of this tab, since its code works once and a reload would end it. No other
// tab reads that storage, and the tab's end removes it.

const tokenName = 'portal-session'
const hostName = 'portal-host'

let token = read(tokenName)

export function sessionToken(): string | null {
  return token
}

export function keepToken(next: string | null): void {
  token = next
  write(tokenName, next)
}

/** Where the customer came from, also once the session has ended; null: unknown. */
export function hostOrigin(): string | null {
  const origin = read(hostName)
  return origin !== null && isReturnOrigin(origin) ? origin : null
}

export function keepHostOrigin(origin: string | null): void {
  write(hostName, origin)
}

/** As the server accepts them: https, or this machine. */
function isReturnOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isLocal))
}

function read(name: string): string | null {
  try {
    return sessionStorage.getItem(name)
  } catch {
    return null
  }
}

function write(name: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(name)
    else sessionStorage.setItem(name, value)
  } catch {
    // Storage may be blocked: the session then lasts until the page is left.
  }
}

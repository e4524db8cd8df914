// The Idempotency-Key of a request that makes or spends something: the same value for the same request until it was answered,
// so that nothing is made twice when an answer was lost. Kept in this tab, through a reload.

type Kept = Record<string, { key: string; atMs: number }>

export type Wish = {
  key: string
  /** It was answered: the same request is another wish from now on. */
  end: () => void
}

const storageName = 'wishes'

/** As long as the server remembers it. */
const lifetimeMs = 24 * 60 * 60_000

/** Where storage is blocked, it lasts until the page is left. */
let inMemory: Kept = {}

/** @param request what it is made of: its account, method, address and body */
export async function wishOf(...request: (string | null)[]): Promise<Wish> {
  const name = await digestOf(JSON.stringify(request))
  const key = read()[name]?.key ?? crypto.randomUUID()
  write({ ...read(), [name]: { key, atMs: Date.now() } })
  return {
    key,
    end() {
      const { [name]: _, ...others } = read()
      write(others)
    },
  }
}

/** What a request contains is not stored. */
async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function read(): Kept {
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageName) ?? '{}') as Kept
    const oldest = Date.now() - lifetimeMs
    return Object.fromEntries(Object.entries(kept).filter(([, { atMs }]) => atMs > oldest))
  } catch {
    return inMemory
  }
}

function write(kept: Kept): void {
  inMemory = kept
  try {
    sessionStorage.setItem(storageName, JSON.stringify(kept))
  } catch {
    // Storage may be blocked or full.
  }
}

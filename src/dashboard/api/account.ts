// The account of this page. A page is of one account, or of none, for as long as it is loaded, so that nothing of
// it (a request under way, a cached answer, a draft) can end up in another account.
import { askEarly } from './early.ts'

const path = /^\/a\/([^/]+)(?:\/|$)/i

/** The id in the path of a page: `/a/ID/…`; null for the pages that are of no account. */
export function accountInPath(pathname: string): string | null {
  return path.exec(pathname)?.[1] ?? null
}

/** The path of a page in an account, from any page. */
export const pathInAccount = (id: string, page = '/keys') => `/a/${id}${page}`

let current: string | null = null

/** @returns false when the page is of another account: it must be loaded anew. */
export function enterAccount(id: string | null): boolean {
  current ??= id
  return current === id
}

export const accountOfPage = () => current

const storageName = 'account'

/** Only where the next visit starts: other tabs do not read it while they are open. */
export function rememberAccount(id: string): void {
  askEarly(id)
  try {
    localStorage.setItem(storageName, id)
  } catch {
    // Storage may be blocked: the next visit then starts in the account of the session.
  }
}

function rememberedAccount(): string | null {
  try {
    return localStorage.getItem(storageName)
  } catch {
    return null
  }
}

/** Where a visit starts that names no account: the last one, else that of the session, else the first. */
export function startingAccount<Account extends { id: string }>(
  accounts: readonly Account[],
  ofSession: string | null | undefined,
  remembered: string | null = rememberedAccount(),
): Account | undefined {
  const find = (id: string | null | undefined) => accounts.find((account) => account.id === id)
  return find(remembered) ?? find(ofSession) ?? accounts[0]
}

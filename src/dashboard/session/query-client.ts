// The query cache. It never holds a token: requests that return one (create, rotate) bypass it.
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { accountOfPage } from '../api/account.ts'
import { changes } from '../api/client.ts'
import { connection } from '../api/connection.ts'
import { askEarly } from '../api/early.ts'
import { ApiProblem } from '../api/problem.ts'
import { hearTabs, tellTabs } from '../api/tabs.ts'
import { dropDrafts } from '../ui/drafts.ts'
import { isPageHeld, whenReleased } from '../ui/held-page.ts'
import { accountQuery, sessionQuery } from './api.ts'

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError(error) {
        const status = error instanceof ApiProblem ? error.status : null
        // The session has ended: RequireSession then redirects to the sign-in page.
        if (status === 401 && !isPageHeld()) client.setQueryData(sessionQuery.queryKey, null)
        // The user may have been removed, or the account may require a second factor now.
        if (status === 403) void client.invalidateQueries({ queryKey: accountQuery.queryKey })
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: () => !isPageHeld(),
        refetchOnReconnect: () => !isPageHeld(),
        retry: (count, error) => count < 2 && !isClientError(error),
        retryDelay: (count) => 500 * 2 ** count,
      },
    },
  })
  keepFresh(client)
  return client
}

/** Until then the page has left what it deleted, or shows what it has made. */
const afterChangeMs = 100

/** What is shown is read again after each change of this tab or another one, and when the server answers again. */
function keepFresh(client: QueryClient): void {
  const readAgain = () => void whenReleased().then(() => client.invalidateQueries())
  changes.on((account) => {
    setTimeout(readAgain, afterChangeMs)
    if (account !== null) tellTabs({ kind: 'changed', account })
  })
  connection.on(() => {
    if (connection.lostAtMs() === null) readAgain()
  })
  hearTabs((message) => {
    switch (message.kind) {
      case 'changed':
        if (message.account === accountOfPage()) readAgain()
        return
      case 'signed-in':
        // It may be the session of somebody else.
        return void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
      case 'signed-out':
        dropDrafts()
        return void whenReleased().then(() => forgetSession(client))
    }
  })
}

/** Nothing that was read in a session is shown after it. */
export function forgetSession(client: QueryClient): void {
  askEarly(null)
  client.setQueryData(sessionQuery.queryKey, null)
  client.removeQueries({ predicate: ({ queryKey }) => queryKey !== sessionQuery.queryKey })
}

/** A retry would return the same answer. */
function isClientError(error: Error): boolean {
  return error instanceof ApiProblem && error.status >= 400 && error.status < 500
}

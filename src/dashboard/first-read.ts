// What boot.js has asked for is read before the page is drawn: it is then drawn once, and not once with each answer.
import type { QueryClient } from '@tanstack/react-query'
import { accountInPath, enterAccount } from './api/account.ts'
import { earlyPaths } from './api/early.ts'
import { formatsQuery, keysQuery, pageSize, summaryQuery } from './keys/api.ts'
import { accountQuery, accountsQuery, sessionQuery, standingQuery } from './session/api.ts'

/** What has not arrived by then is drawn when it arrives. */
const patienceMs = 50

/** `code`: of the page, while it loads. */
export async function firstRead(client: QueryClient, code: Promise<unknown>): Promise<void> {
  const paths = earlyPaths()
  if (paths.length === 0) return
  enterAccount(accountInPath(location.pathname))
  const reads: Promise<unknown>[] = [
    code,
    client.prefetchQuery(sessionQuery),
    client.prefetchQuery(accountsQuery),
    client.prefetchQuery(accountQuery),
    client.prefetchQuery(standingQuery),
  ]
  if (paths.some((path) => path.startsWith('/api/api-keys'))) {
    reads.push(
      client.prefetchQuery(keysQuery({ limit: pageSize })),
      client.prefetchQuery(summaryQuery),
      client.prefetchQuery(formatsQuery),
    )
  }
  await Promise.race([
    Promise.all(reads),
    new Promise((resolve) => setTimeout(resolve, patienceMs)),
  ])
}

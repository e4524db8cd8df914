// Calls to the request logs of accounts.
import { within } from '../storage/unavailable.ts'
import type { LogFilter, LogPart } from './request-log.ts'
import type { RequestLogObject } from './request-log-object.ts'
import type { Position } from './ring.ts'

export type RequestLogs = ReturnType<typeof createRequestLogs>

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

/** Each call throws StoreUnavailable when the object does not answer. */
export function createRequestLogs(namespace: DurableObjectNamespace<RequestLogObject>) {
  const logOf = (accountId: string) => namespace.getByName(`requests/${accountId}`)
  return {
    add: (accountId: string, parts: LogPart[]) =>
      within('request log', writeTimeoutMs, logOf(accountId).add(parts)),
    list: (accountId: string, filter: LogFilter, after: Position | null, limit: number) =>
      within('request log', readTimeoutMs, logOf(accountId).list(filter, after, limit)),
    since: (accountId: string, no: number | null, filter: LogFilter) =>
      within('request log', readTimeoutMs, logOf(accountId).since(no, filter)),
    forget: (accountId: string) => within('request log', writeTimeoutMs, logOf(accountId).forget()),
  }
}

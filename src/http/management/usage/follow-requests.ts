// The request log as a stream of server-sent events, for as long as the caller may read it.
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { log } from '../../../log.ts'
import type { LogFilter } from '../../../usage/request-log.ts'
import type { RequestLogs } from '../../../usage/request-logs.ts'
import type { AppEnv } from '../../app-env.ts'
import { actorOf } from '../../auth/guards.ts'
import { entriesOf } from './logged-request.ts'

/** With one call to the log in each, and one of the session in every fifth, far below the 1,000 of an invocation. */
const pollMs = 2_000
const pollsUntilChecked = 5
export const maxFollowMs = 5 * 60_000

export async function followRequests(c: Context<AppEnv>, filter: LogFilter): Promise<Response> {
  const { accountId } = c.var.actor
  // Asked before the stream begins, so that a log that does not answer is a 503.
  const logs = await c.env.requestLogs()
  const start = await logs.since(accountId, null, filter)
  const response = streamSSE(
    c,
    (stream) => follow(c, stream, (no) => logs.since(accountId, no, filter), start.next),
    async (error) => {
      log('warn', 'follow_ended', { request_id: c.env.report.id, cause: error })
    },
  )
  response.headers.set('Cache-Control', 'no-store')
  return response
}

async function follow(
  c: Context<AppEnv>,
  stream: SSEStreamingApi,
  since: (no: number) => ReturnType<RequestLogs['since']>,
  start: number,
): Promise<void> {
  const names = new Map()
  let next = start
  await stream.writeSSE({ event: 'open', data: '' })
  for (let poll = 1; poll <= maxFollowMs / pollMs && !stream.aborted; poll++) {
    await stream.sleep(pollMs)
    if (poll % pollsUntilChecked === 0 && !(await mayStillRead(c))) break
    const news = await since(next)
    next = news.next
    for (const entry of await entriesOf(c, news.requests, names)) {
      await stream.writeSSE({ event: 'request', id: entry.id, data: JSON.stringify(entry) })
    }
    // A comment keeps proxies from closing the connection, and detects a client that left.
    if (news.requests.length === 0) await stream.write(': \n\n')
  }
  await stream.writeSSE({ event: 'end', data: '' })
}

/** Also false where the answer is not known: the client can ask again. */
async function mayStillRead(c: Context<AppEnv>): Promise<boolean> {
  const { accountId } = c.var.actor
  const now = (await actorOf(c).catch(() => null))?.actor
  return now?.kind === 'person' && now.role !== 'member' && now.accountId === accountId
}

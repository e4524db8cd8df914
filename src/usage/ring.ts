// Which requests the log of an account holds: refusals first, and a sample of the rest, newest first. The selection
// depends only on the set of requests, so that it is the same in whatever order and however often they arrive.
import type { RequestSample } from './message.ts'

/** `id`: of its message, and its place there. `no`: the order of arrival. */
export type LoggedRequest = RequestSample & { id: string; no: number }

export const maxLogged = 1_000
/** A key that is refused all the time must not keep out the refusals of others. */
export const maxRefusedOfKey = maxLogged / 4
export const requestLifetimeMs = 7 * 24 * 60 * 60 * 1000

/** What stays of both lists, newest first. An id that is already there is not added again. */
export function merged(
  present: readonly LoggedRequest[],
  added: readonly LoggedRequest[],
  nowMs: number,
): LoggedRequest[] {
  const byId = new Map([...added, ...present].map((request) => [request.id, request]))
  const all = [...byId.values()].filter(({ at }) => at > nowMs - requestLifetimeMs)
  all.sort(newestFirst)
  const refused = firstOfEachKey(all.filter(({ code }) => code !== 'valid')).slice(0, maxLogged)
  const passed = all.filter(({ code }) => code === 'valid').slice(0, maxLogged - refused.length)
  return [...refused, ...passed].sort(newestFirst)
}

export function newestFirst(one: Position, other: Position): number {
  if (one.at !== other.at) return other.at - one.at
  if (one.id === other.id) return 0
  return one.id < other.id ? 1 : -1
}

/** A place in the order of the log. */
export type Position = { at: number; id: string }

function firstOfEachKey(requests: readonly LoggedRequest[]): LoggedRequest[] {
  const counts = new Map<string, number>()
  return requests.filter(({ keyId }) => {
    const count = (counts.get(keyId) ?? 0) + 1
    counts.set(keyId, count)
    return count <= maxRefusedOfKey
  })
}

// When the session ends: the server renews it while it is used, by the time of the server.
import type { Session } from './types.ts'

/** What the server adds at most; it writes a renewal once a minute. */
const renewedMs = 14 * 60_000

export type SessionEnd = {
  /** By this device's clock. */
  atMs: number
  /** However it is used. */
  lastMs: number
}

export function endOf(
  { expires_at, ends_at }: Session,
  headers: Headers,
  nowMs: number,
): SessionEnd {
  const served = Date.parse(headers.get('date') ?? '')
  const skewMs = Number.isNaN(served) ? 0 : nowMs - served
  return { atMs: Date.parse(expires_at) + skewMs, lastMs: Date.parse(ends_at) + skewMs }
}

/** After a request that was answered. */
export function renewed({ atMs, lastMs }: SessionEnd, nowMs: number): SessionEnd {
  return { atMs: Math.max(atMs, Math.min(nowMs + renewedMs, lastMs)), lastMs }
}

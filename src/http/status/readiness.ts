// GET /readyz: whether every store answers, for monitors. The endpoint is public, so an isolate checks the stores at
// most once in two seconds. Problems are in the log only.
import type { Context } from 'hono'
import { writeTime } from '../../core/time.ts'
import { log } from '../../log.ts'
import { checkStores, checkTimeoutMs, type Readiness } from '../../storage/readiness.ts'
import type { AppEnv } from '../app-env.ts'
import type { AppSettings, RequestLocation, Services } from '../services.ts'

const memoMs = 2_000
const pollMs = 25

/** Answers from the last check, or waits for the one that is running. */
export function createReadiness({ clock }: Pick<AppSettings, 'clock'>) {
  let last: Readiness | null = null
  let begunAt = Number.NEGATIVE_INFINITY

  const isUnderWay = () =>
    (last === null || last.at < begunAt) && clock.now() < begunAt + checkTimeoutMs + pollMs

  async function current(services: Services, from: RequestLocation): Promise<Readiness> {
    // workerd does not let a request await the promise of another one: the result is shared by polling.
    while (isUnderWay()) await clock.sleep(pollMs)
    if (last !== null && clock.now() - last.at < memoMs) return last
    begunAt = clock.now()
    const found = await checkStores(await services.readinessStores(from), clock.now)
    if (!found.ready) log('warn', 'not_ready', { checks: found.checks })
    last = found
    return found
  }

  return async function readiness(c: Context<AppEnv>): Promise<Response> {
    const found = await current(c.env, c.req.raw)
    const headers = { 'cache-control': 'no-store' }
    return c.json(viewOf(found, clock.now()), found.ready ? 200 : 503, headers)
  }
}

/** Public: each store, whether it answered and how long it took. */
function viewOf({ ready, at, checks, pending }: Readiness, nowMs: number) {
  const shown = Object.entries(checks).map(([name, { ok, ms }]) => [name, { ok, ms }] as const)
  const oldest = pending?.oldestAt ?? null
  return {
    status: ready ? 'ready' : 'not_ready',
    checked_at: writeTime(at),
    checks: Object.fromEntries(shown),
    oldest_pending_seconds:
      oldest === null ? null : Math.max(0, Math.round((nowMs - oldest) / 1000)),
  }
}

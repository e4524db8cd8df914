// Low credits are notified by webhook, after the response. Costs nothing while there are enough; below the
// threshold one write a day, key and isolate.

import type { MeteredVerdict } from '../core/verdict.ts'
import { log } from '../log.ts'
import type { Isolate, WaitUntil } from './context.ts'

/** Credits are low below this share of what a refill restores, or of what was set. */
const lowShare = 0.1
const dayMs = 24 * 60 * 60_000
/** Meters that are remembered. One that is forgotten is notified again; the outbox drops the duplicate. */
const maxRemembered = 10_000

/** Notifies credits below the threshold once a day, since a top-up may lift them above it in between. */
export function watchCredits(
  isolate: Pick<Isolate, 'clock' | 'lowCreditsNotified'>,
  env: Env,
  waitUntil: WaitUntil,
  verdict: MeteredVerdict,
): void {
  const remaining = 'remaining' in verdict ? verdict.remaining?.credits : null
  if (remaining === null || remaining === undefined || !('record' in verdict)) return
  const { id: keyId, limits } = verdict.record
  if (limits === null || limits.terms.credits === null) return
  const { refill, remaining: initial, since } = limits.terms.credits
  const mark = Math.ceil((refill?.amount ?? initial) * lowShare)
  if (remaining >= mark) return
  const period = `${since}/${Math.floor(isolate.clock.now() / dayMs)}`
  const notified = isolate.lowCreditsNotified
  if (notified.get(limits.meter) === period) return
  if (notified.size >= maxRemembered) notified.clear()
  notified.set(limits.meter, period)
  const low = { keyId, meter: limits.meter, remaining, mark, period }
  const notifying = import('./queues.ts').then(({ notifyLowCredits }) =>
    notifyLowCredits(isolate, env, low),
  )
  waitUntil(
    notifying.catch((cause) => {
      // The next request tries again.
      notified.delete(limits.meter)
      log('warn', 'low_credits_not_notified', { key: keyId, cause })
    }),
  )
}

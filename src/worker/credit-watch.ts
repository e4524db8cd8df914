// Credits that run low: whoever owns the key is told by webhook, after the answer. Costs nothing while there
// are enough; below the mark one write a day, key and isolate.
import { log } from '../core/log.ts'
import type { MeteredVerdict } from '../core/verdict.ts'
import type { Isolate, WaitUntil } from './context.ts'

/** Of what a refill lifts to, or of what was set: below this share credits are low. */
const lowShare = 0.1
const dayMs = 24 * 60 * 60_000
/** Meters that are remembered; forgotten, one is told of again, which tells nobody twice. */
const maxRemembered = 10_000

/** Tells of credits below their mark, at most once a day: a top-up may bring them above it and back. */
export function watchCredits(
  isolate: Pick<Isolate, 'clock' | 'toldLow'>,
  env: Env,
  waitUntil: WaitUntil,
  verdict: MeteredVerdict,
): void {
  const left = 'remaining' in verdict ? verdict.remaining?.credits : null
  if (left === null || left === undefined || !('record' in verdict)) return
  const { id: keyId, limits } = verdict.record
  if (limits === null || limits.terms.credits === null) return
  const { refill, remaining, since } = limits.terms.credits
  const mark = Math.ceil((refill?.amount ?? remaining) * lowShare)
  if (left >= mark) return
  const period = `${since}/${Math.floor(isolate.clock.now() / dayMs)}`
  const { toldLow } = isolate
  if (toldLow.get(limits.meter) === period) return
  if (toldLow.size >= maxRemembered) toldLow.clear()
  toldLow.set(limits.meter, period)
  const low = { keyId, meter: limits.meter, remaining: left, mark, period }
  const telling = import('./queues.ts').then(({ notifyLowCredits }) =>
    notifyLowCredits(isolate, env, low),
  )
  waitUntil(
    telling.catch((cause) => {
      // The next request tries again.
      toldLow.delete(limits.meter)
      log('warn', 'low_credits_not_told', { key: keyId, cause })
    }),
  )
}

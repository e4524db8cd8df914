// The log line of a request, and whether it is written.
import { nearestRegion } from '../../coherence/regions.ts'
import { errorSummary, log } from '../../core/log.ts'
import { StoreUnavailable } from '../../storage/unavailable.ts'
import type { Check, Report } from '../report.ts'
import type { Services } from '../services.ts'

/** Whether the line of a request that did not fail is written. */
export function isSampled({ logSample }: Pick<Services, 'logSample'>): boolean {
  // A variable that is no share is a mistake of the deployer: better too many lines than none.
  return !(logSample < 1) || Math.random() < logSample
}

type Line = {
  door: string
  route: string
  method?: string
  status?: number
  cf: unknown
  ms: number
}

/** The line of a request: an error where Latchkey failed, a warning where the API behind it did. */
export function writeLine(report: Report, { door, route, method, status, cf, ms }: Line): void {
  const { caller, asked, code, cause } = report
  const failed = cause !== null || (code !== null && (status ?? 500) >= 500)
  log(failed ? 'error' : (status ?? 0) >= 500 ? 'warn' : 'info', 'request', {
    request_id: report.id,
    ...{ door, route, method, status, code: code ?? undefined },
    verdict: caller?.verdict,
    tier: caller?.tier,
    ...asksOf(asked),
    region: nearestRegion(cf),
    ms,
    account_id: caller?.accountId ?? undefined,
    key_id: caller?.keyId ?? undefined,
    // In an outage every request has such a line: it is kept short.
    cause: cause instanceof StoreUnavailable ? errorSummary(cause) : (cause ?? undefined),
  })
}

/** One token: what was found. A batch: how many of each. */
function asksOf(asked: readonly Check[]) {
  const [only] = asked
  if (only === undefined) return {}
  if (asked.length === 1) {
    const { verdict, tier, keyId } = only
    return { asked: { verdict, tier, key_id: keyId ?? undefined } }
  }
  return {
    asked: {
      count: asked.length,
      verdicts: countsOf(asked.map(({ verdict }) => verdict)),
      tiers: countsOf(asked.map(({ tier }) => tier)),
    },
  }
}

function countsOf(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]),
  )
}

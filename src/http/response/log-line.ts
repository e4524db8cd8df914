// The log line of a request, and whether it is written.
import { nearestRegion } from '../../coherence/regions.ts'
import { errorSummary, log } from '../../log.ts'
import { StoreUnavailable } from '../../storage/unavailable.ts'
import type { CheckedToken, Report } from '../report.ts'
import type { Services } from '../services.ts'

/** Whether the line of a request that did not fail is written. */
export function isSampled({ logSample }: Pick<Services, 'logSample'>): boolean {
  // NaN, a mistake of the deployer, writes every line rather than none.
  return !(logSample < 1) || Math.random() < logSample
}

type Line = {
  endpoint: string
  route: string
  method?: string
  status?: number
  cf: unknown
  ms: number
}

/** An error where Latchkey failed, a warning where the API behind it did. */
export function writeLine(report: Report, { endpoint, route, method, status, cf, ms }: Line): void {
  const { caller, checked, code, cause } = report
  const failed = cause !== null || (code !== null && (status ?? 500) >= 500)
  log(failed ? 'error' : (status ?? 0) >= 500 ? 'warn' : 'info', 'request', {
    request_id: report.id,
    ...{ endpoint, route, method, status, code: code ?? undefined },
    verdict: caller?.verdict,
    tier: caller?.tier,
    ...checkedFields(checked),
    region: nearestRegion(cf),
    ms,
    account_id: caller?.accountId ?? undefined,
    key_id: caller?.keyId ?? undefined,
    // In an outage every request writes such a line, so it is kept short.
    cause: cause instanceof StoreUnavailable ? errorSummary(cause) : (cause ?? undefined),
  })
}

/** The outcome for one token; for a batch, counts by outcome. */
function checkedFields(tokens: readonly CheckedToken[]) {
  const [only] = tokens
  if (only === undefined) return {}
  if (tokens.length === 1) {
    const { verdict, tier, keyId } = only
    return { checked: { verdict, tier, key_id: keyId ?? undefined } }
  }
  return {
    checked: {
      count: tokens.length,
      verdicts: countsOf(tokens.map(({ verdict }) => verdict)),
      tiers: countsOf(tokens.map(({ tier }) => tier)),
    },
  }
}

function countsOf(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]),
  )
}

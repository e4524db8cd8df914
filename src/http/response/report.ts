// What became known of a request on its way, and the one log line that is made of it. Nothing here does
// I/O, and where the line is not sampled it costs a comparison. A line tells the route and never the path:
// a path may hold a token in the wrong place, an invitation, or somebody's data.
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { nearestRegion } from '../../coherence/regions.ts'
import type { ProblemCode } from '../../contract/problems.ts'
import type { LimitsRemaining } from '../../core/limits.ts'
import { errorSummary, log } from '../../core/log.ts'
import type { Metered } from '../../keys/consume-limits.ts'
import type { Verification } from '../../keys/verify.ts'
import { StoreUnavailable } from '../../storage/unavailable.ts'
import type { Isolate } from '../../worker/context.ts'
import type { AppEnv } from '../app-env.ts'
import { countTiers } from './count-usage.ts'
import { setLimitHeaders } from './limit-headers.ts'

/** What one verification found; `ms` from the beginning of the request until it was known. */
export type Check = {
  verdict: Metered['verdict']['code']
  tier: Verification['tier']
  ms: number
  keyId: string | null
  accountId: string | null
}

export type Report = {
  /** Known in every answer and log line. Made here, never taken from the client, who could forge lines with it. */
  readonly id: string
  startedAt: number
  /** Of the credential of the request itself. */
  caller: Check | null
  /** What the limits of the caller's key have left; null where no meter was asked. */
  remaining: LimitsRemaining | null
  /** Of the tokens that a service asked about. */
  asked: Check[]
  /** Of the failure that was answered. */
  code: ProblemCode | null
  cause: unknown
  /** The innermost router that saw the request: it knows the route. */
  context: Context<AppEnv> | null
}

export function createReport(startedAt: number): Report {
  const id = crypto.randomUUID()
  return {
    id,
    startedAt,
    caller: null,
    remaining: null,
    asked: [],
    code: null,
    cause: null,
    context: null,
  }
}

// What routers are handed with a Request: only these stand here, since collecting the dead ones costs.
const reports = new WeakMap<Request, Report>()

/** The report of a request. Middleware may put another Request in its place: what was set stays. */
export function reportOf(c: Context<AppEnv>): Report {
  return c.get('report') ?? reports.get(c.req.raw) ?? createReport(0)
}

/** Lets a router that is handed the same Request go on with its report. */
export function carryReport(c: Context<AppEnv>): void {
  reports.set(c.req.raw, reportOf(c))
}

export function recordCaller(
  report: Report,
  verification: Metered | Verification,
  nowMs: number,
): void {
  report.caller = checkOf(report, verification, nowMs)
  if ('remaining' in verification.verdict) report.remaining = verification.verdict.remaining ?? null
}

export function recordCheck(
  report: Report,
  verification: Metered | Verification,
  nowMs: number,
): void {
  report.asked.push(checkOf(report, verification, nowMs))
}

/** A person, by session or JWT: no tier of ours answered for them. */
export function recordPerson(report: Report, accountId: string, nowMs: number): void {
  const ms = nowMs - report.startedAt
  report.caller = { verdict: 'valid', tier: 'none', ms, keyId: null, accountId }
}

function checkOf(
  report: Report,
  { verdict, tier, cause }: Metered | Verification,
  nowMs: number,
): Check {
  const record = 'record' in verdict ? verdict.record : null
  if (cause !== undefined) report.cause ??= cause
  return {
    verdict: verdict.code,
    tier,
    ms: nowMs - report.startedAt,
    keyId: record?.id ?? null,
    accountId: record?.accountId ?? null,
  }
}

/** Around everything else: times the request, and writes its line once it is answered. */
export function reporting(isolate: Pick<Isolate, 'clock' | 'usage'>): MiddlewareHandler<AppEnv> {
  const { clock } = isolate
  return async function reporting(c, next) {
    const report = reportOf(c)
    report.startedAt = clock.now()
    c.set('report', report)
    await next()
    if (report.remaining !== null) setLimitHeaders(c, report.remaining)
    const ms = clock.now() - report.startedAt
    const { method, headers } = c.req.raw
    countTiers(isolate, report, c.req.raw)
    if (headers.has(timingHeader)) setServerTiming(c, report, ms)
    const { status } = c.res
    if (status < 500 && (isProbe(c) || !isSampled(c.env))) return
    const outer = routePath(c)
    const inner = report.context === null ? outer : routePath(report.context)
    // Refused before any route of the inner router was reached: then the outer one tells more.
    const route = inner === '/*' ? outer : inner
    const { cf } = c.req.raw
    writeLine(report, { door: doorOf(outer), route, method, status, cf, ms })
  }
}

const timingHeader = 'x-latchkey-timing'

/**
 * `Server-Timing` for who asks for it and holds a good credential: to anybody else the tier would tell whether
 * a token that was made up is one of this deployment. The clock stands still between I/O: it is waits that are timed.
 */
function setServerTiming(c: Context<AppEnv>, { caller, asked }: Report, ms: number): void {
  if (caller?.verdict !== 'valid' || c.res.status >= 400) return
  const [only] = asked.length === 1 ? asked : []
  const metrics = [
    `caller;desc="${caller.tier}";dur=${caller.ms}`,
    // Of a token of nobody, or of another account, not even the tier is told.
    ...(only?.keyId !== null && only?.accountId === caller.accountId
      ? [`key;desc="${only.tier}";dur=${only.ms}`]
      : []),
    `total;dur=${ms}`,
  ]
  c.header('Server-Timing', metrics.join(', '), { append: true })
}

/** Whether the line of a request that did not fail is written. @param env LOG_SAMPLE is a share from 0 to 1. */
export function isSampled({ LOG_SAMPLE }: Pick<Env, 'LOG_SAMPLE'>): boolean {
  const share = Number(LOG_SAMPLE)
  // What is no share is a mistake of the deployer: better too many lines than none.
  return !(share < 1) || Math.random() < share
}

/** Monitors ask every few seconds, and nobody wants to read of it. */
function isProbe({ req: { path } }: Context<AppEnv>): boolean {
  return path === '/healthz' || path === '/readyz'
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

/** By the route of the outermost router. */
const doors: Record<string, string> = {
  '/api/*': 'gateway',
  '/forward-auth/*': 'forward_auth',
  '/api/v1/keys/verify': 'verify',
  '/api/v1/keys/verify-batch': 'verify',
  '/api/v1/introspect': 'introspect',
  '/api/v1/me': 'me',
  '/api/leaks/*': 'leaks',
}

function doorOf(route: string): string {
  return doors[route] ?? (route.startsWith('/api/') ? 'management' : 'page')
}

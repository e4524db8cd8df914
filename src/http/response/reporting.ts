// Around every request: times it, sets the headers that depend on its outcome, counts it and writes its log line.
// The line names the route and never the path: a path may hold a token, an invitation or personal data.
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Clock } from '../../coherence/settle.ts'
import type { AppEnv } from '../app-env.ts'
import * as paths from '../paths.ts'
import { createReport, type Report } from '../report.ts'
import { countTiers } from './count-usage.ts'
import { setLimitHeaders } from './limit-headers.ts'
import { isSampled, writeLine } from './log-line.ts'

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

/** Around everything else: times the request, and writes its line once it is answered. */
export function reporting({ clock }: { clock: Clock }): MiddlewareHandler<AppEnv> {
  return async function reporting(c, next) {
    const report = reportOf(c)
    report.startedAt = clock.now()
    c.set('report', report)
    await next()
    if (report.remaining !== null) setLimitHeaders(c, report.remaining)
    const ms = clock.now() - report.startedAt
    const { method, headers } = c.req.raw
    countTiers(c.env, report, c.req.raw)
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

/** Monitors ask every few seconds, and nobody wants to read of it. */
function isProbe({ req: { path } }: Context<AppEnv>): boolean {
  return path === '/healthz' || path === '/readyz'
}

/** By the route of the outermost router. */
const doors: Record<string, string> = {
  [paths.gatewayPaths]: 'gateway',
  [paths.forwardAuthPaths]: 'forward_auth',
  [paths.verifyPath]: 'verify',
  [paths.verifyBatchPath]: 'verify',
  [paths.introspectPath]: 'introspect',
  [paths.mePath]: 'me',
  [paths.leakPaths]: 'leaks',
}

function doorOf(route: string): string {
  return doors[route] ?? (route.startsWith('/api/') ? 'management' : 'page')
}

// Around every request: times it, sets the headers that depend on its outcome, counts it and writes its log line.
// The line names the route and never the path: a path may hold a token, an invitation or personal data.
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { AppEnv } from '../app-env.ts'
import * as paths from '../paths.ts'
import type { Report } from '../report.ts'
import type { AppSettings } from '../services.ts'
import { countTiers, logSamples } from './count-usage.ts'
import { setLimitHeaders } from './limit-headers.ts'
import { isSampled, writeLine } from './log-line.ts'

/** Remembers the context of the innermost router, which knows the route. */
export const routed: MiddlewareHandler<AppEnv> = function routed(c, next) {
  c.env.report.context = c
  return next()
}

/** What follows an answer. Where the line is not sampled, it costs a comparison. */
export function reporting({ clock, config }: AppSettings): (c: Context<AppEnv>) => void {
  const endpointOf = endpointsBy(paths.gatewayPaths(config.gateway))
  return function report(c) {
    const { report } = c.env
    if (report.remaining !== null) setLimitHeaders(c, report.remaining)
    const ms = clock.now() - report.startedAt
    const { raw } = c.req
    countTiers(c.env, report, raw)
    if (raw.headers.get(timingHeader) === '1') setServerTiming(c, report, ms)
    const { status } = c.res
    const isLine = status >= 500 || (isSampled(c.env) && !isProbe(c))
    if (!isLine && report.sampled.length === 0) return
    // Read only here: most requests need neither the route nor where they came from.
    const { cf, method } = raw
    const route = routeOf(c, report)
    if (report.sampled.length > 0) {
      logSamples(c.env, report, { method, route: route.endsWith('/*') ? null : route, cf, ms })
    }
    if (!isLine) return
    writeLine(report, { endpoint: endpointOf(routePath(c)), route, method, status, cf, ms })
  }
}

/** A request that middleware refused reached no inner route: the outer one has more information. */
function routeOf(c: Context<AppEnv>, { context }: Report): string {
  const outer = routePath(c)
  const inner = context === null ? outer : routePath(context)
  return inner === '/*' ? outer : inner
}

const timingHeader = 'x-latchkey-timing'

/**
 * `Server-Timing`, on request and with a valid key only, of failures too: otherwise the tier would reveal whether a
 * guessed token exists. The clock of Workers stands still between I/O, so only waits are measured.
 */
function setServerTiming(c: Context<AppEnv>, { caller, checked }: Report, ms: number): void {
  if (caller?.verdict !== 'valid' || caller.tier === 'none') return
  const [only] = checked.length === 1 ? checked : []
  const metrics = [
    `caller;desc="${caller.tier}";dur=${caller.ms}`,
    // Unknown tokens and those of other accounts do not even show their tier.
    ...(only?.keyId !== null && only?.accountId === caller.accountId
      ? [`key;desc="${only.tier}";dur=${only.ms}`]
      : []),
    `total;dur=${ms}`,
  ]
  c.header('Server-Timing', metrics.join(', '), { append: true })
}

/** Monitors probe every few seconds: their lines would drown the others. */
function isProbe({ req: { path } }: Context<AppEnv>): boolean {
  return path === '/healthz' || path === '/readyz'
}

const endpoints = {
  [paths.forwardAuthPaths]: 'forward_auth',
  [paths.verifyPath]: 'verify',
  [paths.verifyBatchPath]: 'verify',
  [paths.introspectPath]: 'introspect',
  [paths.mePath]: 'me',
  [paths.leakPaths]: 'leaks',
}

/** The endpoint in the log line, by the route of the outermost router. */
function endpointsBy(gatewayPaths: string): (route: string) => string {
  const all: Record<string, string> = { ...endpoints, [gatewayPaths]: 'gateway' }
  return (route) => all[route] ?? (route.startsWith('/api/') ? 'management' : 'page')
}

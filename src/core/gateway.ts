// The settings of the gateway: what defineConfig takes, checks and completes.
import { fail } from './config-error.ts'

/**
 * The API behind the gateway: an origin such as `https://api.example.com`, or an object with `fetch`, such as
 * an imported Hono app or `{ fetch: (request, env) => env.MY_API.fetch(request) }`.
 */
export type Upstream<Bindings> =
  | string
  | {
      fetch(
        request: Request,
        env: Bindings,
        context: ExecutionContext,
      ): Response | Promise<Response>
    }

export type GatewayInput<Bindings> = {
  /**
   * The paths that the gateway takes: this one and all below it, but for Latchkey's own. Default `/api`. The API
   * receives them as they are.
   */
  base?: string
  policy: string
  upstream: Upstream<Bindings>
  /** Time from the last byte of the request to the first of the upstream's answer; default 60,000. */
  timeoutMs?: number
  /**
   * Send GET and HEAD requests to the upstream while the key is still being verified, and return the
   * answer only if it is valid (docs/decisions/0007). Off by default.
   */
  speculative?: boolean
  /**
   * Time between two verifications of the credential of an open stream or WebSocket; default and maximum 5,000. One
   * that cannot be verified for twice that time ends.
   */
  reverifyMs?: number
}

export type Gateway<Bindings> = Required<GatewayInput<Bindings>>

const defaults = { base: '/api', timeoutMs: 60_000, speculative: false, reverifyMs: 5_000 }

/** @throws Error whose message names the invalid setting and the reason. */
export function readGateway<Bindings>(
  input: GatewayInput<Bindings>,
  policies: Readonly<Record<string, unknown>>,
): Gateway<Bindings> {
  const gateway = { ...defaults, ...input }
  const { base, policy, upstream, timeoutMs, speculative, reverifyMs } = gateway
  checkBase(base)
  if (!Object.hasOwn(policies, policy)) {
    fail(`gateway.policy is "${policy}", which policies does not define`)
  }
  checkUpstream(upstream)
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 3_600_000) {
    fail(`gateway.timeoutMs is ${timeoutMs}: it must be 1 to 3,600,000 milliseconds`)
  }
  if (!Number.isInteger(reverifyMs) || reverifyMs < 1 || reverifyMs > defaults.reverifyMs) {
    fail(`gateway.reverifyMs is ${reverifyMs}: it must be 1 to 5,000 milliseconds`)
  }
  if (typeof speculative !== 'boolean') {
    fail(`gateway.speculative is ${speculative}: it must be true or false`)
  }
  return gateway
}

/** `/` is the dashboard's (docs/decisions/0024). */
function checkBase(base: string): void {
  if (!/^(\/[\w.~-]+)+$/.test(base) || /\/\.{1,2}(\/|$)/.test(base)) {
    fail(
      `gateway.base is "${base}": it must be a path of plain segments, such as "/v1", and not "/"`,
    )
  }
}

function checkUpstream(upstream: Upstream<never>): void {
  if (typeof upstream !== 'string') {
    if (typeof upstream?.fetch !== 'function') {
      fail('gateway.upstream must be a URL or an object with fetch')
    }
    return
  }
  const url = URL.canParse(upstream) ? new URL(upstream) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    fail(`gateway.upstream "${upstream}" is not an http or https URL`)
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username) {
    fail(`gateway.upstream "${upstream}" must be an origin: no path, no query, no user`)
  }
}

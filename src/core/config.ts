// The deployer's configuration and its validation. `defineConfig` throws while the Worker starts, so that
// an invalid configuration never serves a request.
import { readAddressOrBlock } from './address.ts'
import { fail } from './config-error.ts'
import { environmentsOf } from './environment.ts'
import type { ForeignFormat } from './foreign.ts'
import type { Format } from './format.ts'
import { checkForeign, checkFormats } from './format-rules.ts'
import type { PolicyInput, PolicyRules } from './policy.ts'
import { checkRoles, checkScopes, readPolicies } from './policy-rules.ts'
import type { Role, RolePowers } from './role.ts'
import type { ScopeCatalogue } from './scope-matcher.ts'
import { reservedScopes } from './scopes.ts'

export type { Role } from './role.ts'

/**
 * The API behind the gateway: an origin such as `https://api.example.com`, or an object with `fetch`, such as
 * an imported Hono app or `{ fetch: (request, env) => env.MY_API.fetch(request) }`.
 */
export type Upstream<Env> =
  | string
  | {
      fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>
    }

/** The proxies whose statement of the client's address is trusted. */
export type ForwardAuth = {
  /** The proxies' own addresses and CIDR blocks, as Cloudflare sees them. */
  proxies: readonly string[]
  /** The header that each of them sets to the client's address, replacing a value that the client sent. */
  clientAddressHeader: string
}

export type ConfigInput<Env> = {
  /** Token formats by name; the first is the default of `POST /api/api-keys`. */
  formats: Record<string, Format>
  /**
   * Formats of tokens that another system issued, by name: needed to import their digests. Such tokens
   * carry no tag, so a forged one costs store reads. Remove a format once its last key is rotated.
   */
  foreign?: Record<string, ForeignFormat>
  /**
   * Scope → what it allows: a description, or `{ description, resource, wildcard }`. `defineConfig` adds the reserved
   * scopes.
   */
  scopes: ScopeCatalogue
  roles: Record<Role, RolePowers>
  /**
   * Routes by policy: method, path pattern with `{name}` segments, and the scope that is needed. `{ environments, routes }`
   * admits keys of other environments than `live`.
   */
  policies: Record<string, PolicyInput>
  gateway: {
    policy: string
    upstream: Upstream<Env>
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
  /** Without it, /forward-auth refuses a key that is bound to addresses (docs/decisions/0006). */
  forwardAuth?: ForwardAuth | null
  /**
   * Seconds for which an isolate may answer from memory without querying the fence; 0 to 60, default 1.
   * A longer lease makes verifications faster, and every change of a key slower by the same time.
   */
  lease?: number
}

export type Config<Env = never> = Omit<
  ConfigInput<Env>,
  'lease' | 'gateway' | 'forwardAuth' | 'foreign' | 'policies'
> & {
  policies: Record<string, PolicyRules>
  foreign: Record<string, ForeignFormat>
  gateway: Required<ConfigInput<Env>['gateway']>
  forwardAuth: ForwardAuth | null
  defaultFormat: string
  leaseMs: number
}

const gatewayDefaults = { timeoutMs: 60_000, speculative: false, reverifyMs: 5_000 }

/**
 * Validates a configuration and returns it with defaults and the reserved scopes.
 * @throws Error whose message names the invalid setting and the reason.
 */
export function defineConfig<Env>(input: ConfigInput<Env>): Config<Env> {
  const scopes = { ...input.scopes, ...reservedScopes }
  checkFormats(input.formats)
  checkScopes(input.scopes)
  checkRoles(input.roles, scopes)
  const { lease = 1, forwardAuth = null, foreign = {}, ...rest } = input
  checkForeign(foreign, input.formats)
  const policies = readPolicies(input.policies, scopes, environmentsOf({ ...input, foreign }))
  const gateway = { ...gatewayDefaults, ...input.gateway }
  checkGateway(gateway, policies)
  if (forwardAuth !== null) checkForwardAuth(forwardAuth)
  if (!(lease >= 0 && lease <= 60)) fail(`lease is ${lease}: it must be 0 to 60 seconds`)
  const [defaultFormat = ''] = Object.keys(input.formats)
  return {
    ...rest,
    foreign,
    scopes,
    policies,
    gateway,
    forwardAuth,
    defaultFormat,
    leaseMs: Math.round(lease * 1000),
  }
}

function checkGateway(
  { policy, upstream, timeoutMs, speculative, reverifyMs }: Config['gateway'],
  policies: Record<string, PolicyRules>,
) {
  if (!Object.hasOwn(policies, policy)) {
    fail(`gateway.policy is "${policy}", which policies does not define`)
  }
  checkUpstream(upstream)
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 3_600_000) {
    fail(`gateway.timeoutMs is ${timeoutMs}: it must be 1 to 3,600,000 milliseconds`)
  }
  if (!Number.isInteger(reverifyMs) || reverifyMs < 1 || reverifyMs > gatewayDefaults.reverifyMs) {
    fail(`gateway.reverifyMs is ${reverifyMs}: it must be 1 to 5,000 milliseconds`)
  }
  if (typeof speculative !== 'boolean') {
    fail(`gateway.speculative is ${speculative}: it must be true or false`)
  }
}

function checkForwardAuth({ proxies, clientAddressHeader }: ForwardAuth) {
  if (!Array.isArray(proxies) || proxies.length === 0) {
    fail(
      'forwardAuth.proxies is empty: list the addresses of the proxies, or leave forwardAuth out',
    )
  }
  for (const proxy of proxies) {
    const reading = readAddressOrBlock(proxy)
    if ('error' in reading) fail(`forwardAuth.proxies has "${proxy}". ${reading.error}`)
    // Then every client could name any address as its own.
    if (proxy.endsWith('/0')) fail(`forwardAuth.proxies has "${proxy}", which is every address`)
  }
  if (!/^[A-Za-z0-9-]+$/.test(clientAddressHeader)) {
    fail(`forwardAuth.clientAddressHeader "${clientAddressHeader}" is not a header name`)
  }
  // Cloudflare sets or extends these on the way here: they hold the proxy's address, not its client's.
  if (/^(cf-.*|x-forwarded-for|true-client-ip)$/i.test(clientAddressHeader)) {
    fail(`forwardAuth.clientAddressHeader "${clientAddressHeader}" is written by Cloudflare`)
  }
}

function checkUpstream(upstream: Upstream<never>) {
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

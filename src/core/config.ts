// What a deployer decides, and the rules that make a decision sound. Pure: `defineConfig` throws at
// start, with a sentence that names the mistake, so that a wrong configuration never serves.
import { isAddressOrBlock } from './address.ts'
import type { ForeignFormat } from './foreign.ts'
import type { Format } from './format.ts'
import { checkForeign, checkFormats } from './format-rules.ts'
import { fail } from './mistake.ts'
import type { Route } from './policy.ts'
import { type Role, type RolePowers, roles } from './role.ts'
import { isScopeName, reservedScopes } from './scopes.ts'

export type { Role } from './role.ts'

/**
 * The API behind the gateway: an origin such as `https://api.example.com`, or anything with `fetch`:
 * an imported Hono app, or `{ fetch: (request, env) => env.MY_API.fetch(request) }`.
 */
export type Upstream<Env> =
  | string
  | {
      fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>
    }

/** Proxies that are believed about the address of their client. */
export type ForwardAuth = {
  /** The proxies' own addresses and CIDR blocks, as Cloudflare sees them. */
  proxies: readonly string[]
  /** The header in which each of them puts its client's address, over whatever the client sent. */
  clientAddressHeader: string
}

export type ConfigInput<Env> = {
  /** Token formats by name; the first is the default of `POST /api/api-keys`. */
  formats: Record<string, Format>
  /**
   * Shapes of tokens that another system made, by name: needed to import their digests. They carry no
   * tag, so one that is made up costs store reads. Take a format out when its last key is rotated.
   */
  foreign?: Record<string, ForeignFormat>
  /** Scope → what it allows, in words. The reserved scopes are added by `defineConfig`. */
  scopes: Record<string, string>
  roles: Record<Role, RolePowers>
  /** Lists of routes by name: method, path pattern with `{name}` segments, scope needed. */
  policies: Record<string, readonly Route[]>
  gateway: {
    policy: string
    upstream: Upstream<Env>
    /** How long the upstream may take to begin its answer, from the last byte of the request; default 60,000. */
    timeoutMs?: number
    /**
     * Ask the upstream for GET and HEAD while it is still being asked whether the key holds, and let
     * the answer out only if it does (docs/decisions/0007). Off by default.
     */
    speculative?: boolean
  }
  /** Without it, a key that is bound to addresses is refused at /forward-auth (docs/decisions/0006). */
  forwardAuth?: ForwardAuth | null
  /**
   * Seconds for which an isolate may answer from memory without asking (0 to 60; 0 asks each time).
   * Verifying is faster the longer it is, and a change of a key answers later by as much.
   */
  lease?: number
}

export type Config<Env = never> = Omit<
  ConfigInput<Env>,
  'lease' | 'gateway' | 'forwardAuth' | 'foreign'
> & {
  foreign: Record<string, ForeignFormat>
  gateway: Required<ConfigInput<Env>['gateway']>
  forwardAuth: ForwardAuth | null
  defaultFormat: string
  leaseMs: number
}

/**
 * Checks a configuration and returns it with the reserved scopes added.
 * @throws Error whose message names the setting that is wrong and why.
 */
export function defineConfig<Env>(input: ConfigInput<Env>): Config<Env> {
  const scopes = { ...input.scopes, ...reservedScopes }
  checkFormats(input.formats)
  checkScopes(input.scopes)
  checkRoles(input.roles, scopes)
  for (const [name, routes] of Object.entries(input.policies)) checkRoutes(name, routes, scopes)
  const gateway = { timeoutMs: 60_000, speculative: false, ...input.gateway }
  checkGateway(gateway, input.policies)
  const { lease = 1, forwardAuth = null, foreign = {}, ...rest } = input
  checkForeign(foreign, input.formats)
  if (forwardAuth !== null) checkForwardAuth(forwardAuth)
  if (!(lease >= 0 && lease <= 60)) fail(`lease is ${lease}: it must be 0 to 60 seconds`)
  const [defaultFormat = ''] = Object.keys(input.formats)
  return {
    ...rest,
    foreign,
    scopes,
    gateway,
    forwardAuth,
    defaultFormat,
    leaseMs: Math.round(lease * 1000),
  }
}

function checkScopes(scopes: Record<string, string>) {
  for (const [scope, description] of Object.entries(scopes)) {
    if (!isScopeName(scope)) {
      fail(`the scope "${scope}" must be lower-case letters, digits and any of : . _ -`)
    }
    if (!description.trim()) fail(`the scope "${scope}" has no description`)
    if (Object.hasOwn(reservedScopes, scope))
      fail(`the scope "${scope}" is there already: leave it out`)
  }
}

function checkRoles(powers: Record<Role, RolePowers>, catalogue: Record<string, string>) {
  for (const role of Object.keys(powers)) {
    if (!roles.includes(role as Role)) fail(`roles.${role} is none of ${roles.join(', ')}`)
  }
  for (const role of roles) {
    const granted = powers[role]?.scopes
    if (granted === undefined) fail(`roles.${role} is missing`)
    if (granted === 'all') continue
    for (const scope of granted) {
      if (!Object.hasOwn(catalogue, scope)) fail(`roles.${role} names the unknown scope "${scope}"`)
      if (Object.hasOwn(reservedScopes, scope)) {
        fail(`roles.${role} names "${scope}", which is never inherited`)
      }
    }
  }
}

function checkRoutes(policy: string, routes: readonly Route[], catalogue: Record<string, string>) {
  if (!/^[A-Za-z0-9_-]+$/.test(policy)) {
    fail(`the policy "${policy}" must be letters, digits, - or _: it stands in URLs`)
  }
  for (const { method, path, scope } of routes) {
    const route = `${method} ${path}`
    if (!/^[A-Z]+$/.test(method)) fail(`policies.${policy}: the method of "${route}" is no method`)
    if (method === 'HEAD')
      fail(`policies.${policy}: "${route}" can never match: HEAD needs what GET needs`)
    if (!/^(\/(\{\w+\}|[\w.~-]+))+$/.test(path)) {
      fail(`policies.${policy}: the path of "${route}" must be /segments, each plain or {name}`)
    }
    if (/\/\.{1,2}(\/|$)/.test(path)) {
      fail(`policies.${policy}: the path of "${route}" has a dot segment and can never match`)
    }
    if (!Object.hasOwn(catalogue, scope)) {
      fail(`policies.${policy}: "${route}" needs the unknown scope "${scope}"`)
    }
  }
}

function checkGateway(
  { policy, upstream, timeoutMs, speculative }: Config['gateway'],
  policies: Record<string, readonly Route[]>,
) {
  if (!Object.hasOwn(policies, policy)) {
    fail(`gateway.policy is "${policy}", but policies has no list of that name`)
  }
  checkUpstream(upstream)
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 3_600_000) {
    fail(`gateway.timeoutMs is ${timeoutMs}: it must be 1 to 3,600,000 milliseconds`)
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
    if (!isAddressOrBlock(proxy)) {
      fail(`forwardAuth.proxies has "${proxy}", which is no address and no CIDR block`)
    }
    // Whoever believes every caller believes every client.
    if (proxy.endsWith('/0')) fail(`forwardAuth.proxies has "${proxy}": that is everybody`)
  }
  if (!/^[A-Za-z0-9-]+$/.test(clientAddressHeader)) {
    fail(`forwardAuth.clientAddressHeader "${clientAddressHeader}" is no name of a header`)
  }
  // On the way here Cloudflare sets or appends to these: they tell of the proxy, not of its client.
  if (/^(cf-.*|x-forwarded-for|true-client-ip)$/i.test(clientAddressHeader)) {
    fail(`forwardAuth.clientAddressHeader "${clientAddressHeader}" is written by Cloudflare`)
  }
}

function checkUpstream(upstream: Upstream<never>) {
  if (typeof upstream !== 'string') {
    if (typeof upstream?.fetch !== 'function') fail('gateway.upstream has no fetch and is no URL')
    return
  }
  const url = URL.canParse(upstream) ? new URL(upstream) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    fail(`gateway.upstream "${upstream}" is no http or https URL`)
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username) {
    fail(`gateway.upstream "${upstream}" must be an origin: no path, no query, no user`)
  }
}

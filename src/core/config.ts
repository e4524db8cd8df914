// The deployer's configuration and its validation. `defineConfig` throws while the Worker starts, so that
// an invalid configuration never serves a request.
import { readAddressOrBlock } from './address.ts'
import { fail } from './config-error.ts'
import { type Cors, type CorsInput, readCors } from './cors.ts'
import { environmentsOf } from './environment.ts'
import type { ForeignFormat } from './foreign.ts'
import type { Format } from './format.ts'
import { checkForeign, checkFormats } from './format-rules.ts'
import { type Gateway, type GatewayInput, readGateway } from './gateway.ts'
import type { KeyTemplate } from './key-template.ts'
import type { Mail } from './mail.ts'
import type { PolicyInput, PolicyRules } from './policy.ts'
import { checkRoles, checkScopes, checkTemplates, readPolicies } from './policy-rules.ts'
import type { PortalPageInput } from './portal-page.ts'
import type { Role, RolePowers } from './role.ts'
import type { ScopeCatalogue } from './scope-matcher.ts'
import { reservedScopes } from './scopes.ts'
import type { SignIn } from './sign-in.ts'

export type { Role } from './role.ts'

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
  gateway: GatewayInput<Env>
  /**
   * The pages of other origins that may call the gateway, or `'upstream'`: the API answers preflights and says itself
   * who may read. Without it, browsers let no other origin in.
   */
  cors?: CorsInput | 'upstream' | null
  /** By name: fills in the form of a new key in the dashboard. */
  templates?: Record<string, KeyTemplate>
  /** How the page looks on which customers manage their keys (docs/portal.md). */
  portal?: PortalPageInput | null
  /** Without it, /forward-auth refuses a key that is bound to addresses (docs/decisions/0006). */
  forwardAuth?: ForwardAuth | null
  /** How mail is sent (docs/mail.md). Without it, invitations are links that people pass on. */
  mail?: Mail<Env> | null
  /** Other providers with which people sign in (docs/sign-in.md): `signInWith({ … })`. */
  signIn?: SignIn<Env> | null
  /**
   * Seconds for which an isolate may answer from memory without querying the fence; 0 to 60, default 1.
   * A longer lease makes verifications faster, and every change of a key slower by the same time.
   */
  lease?: number
}

export type Config<Env = never> = Omit<
  ConfigInput<Env>,
  'lease' | 'gateway' | 'cors' | 'forwardAuth' | 'foreign' | 'policies'
> & {
  policies: Record<string, PolicyRules>
  foreign: Record<string, ForeignFormat>
  gateway: Gateway<Env>
  cors: Cors | 'upstream' | null
  forwardAuth: ForwardAuth | null
  defaultFormat: string
  leaseMs: number
}

/**
 * Validates a configuration and returns it with defaults and the reserved scopes.
 * @throws Error whose message names the invalid setting and the reason.
 */
export function defineConfig<Env>(input: ConfigInput<Env>): Config<Env> {
  const scopes = { ...input.scopes, ...reservedScopes }
  checkFormats(input.formats)
  checkScopes(input.scopes)
  checkRoles(input.roles, scopes)
  checkTemplates(input.templates ?? {}, scopes, input.formats)
  const { lease = 1, forwardAuth = null, foreign = {}, ...rest } = input
  checkForeign(foreign, input.formats)
  const policies = readPolicies(input.policies, scopes, environmentsOf({ ...input, foreign }))
  const gateway = readGateway(input.gateway, policies)
  if (forwardAuth !== null) checkForwardAuth(forwardAuth)
  if (!(lease >= 0 && lease <= 60)) fail(`lease is ${lease}: it must be 0 to 60 seconds`)
  const [defaultFormat = ''] = Object.keys(input.formats)
  return {
    ...rest,
    foreign,
    scopes,
    policies,
    gateway,
    cors: readCors(input.cors ?? null),
    forwardAuth,
    defaultFormat,
    leaseMs: Math.round(lease * 1000),
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

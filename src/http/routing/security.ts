// Who may call an operation, as OpenAPI security requirements: each list holds alternatives, and a scheme names the
// weakest role of a person and their step-up, or the scopes of a key. The guards enforce it; docs/permissions.md is generated from it,
// and test/worker/permissions.test.ts checks every cell of that table.
import type { Role } from '../../core/role.ts'

export type Requirement = Record<string, string[]>

const keyThatHolds = (...scopes: string[]): Requirement[] => [
  { apiKey: scopes },
  { bearerKey: scopes },
]

/** A person of the account with this role or a stronger one. */
const personOf = (role: Role): Requirement[] => [{ session: [role] }, { jwt: [role] }]

export const anonymous: Requirement[] = []
/** A person of the account, or a key that holds `keys:manage`. The guard lets members read only. */
export const byManager: Requirement[] = [
  { session: [] },
  { jwt: [] },
  ...keyThatHolds('keys:manage'),
]
export const byMember = personOf('member')
/** Enforced by `personOfRole`, which management adds to every route that no key may call. */
export const byAdmin = personOf('admin')
export const byOwner = personOf('owner')
/** By step-up; enforced by `steppedUp`, which management adds to every route that declares it. */
export const stepUpAlways = 'step-up'
export const byOwnerAfterStepUp: Requirement[] = [
  { session: ['owner', stepUpAlways] },
  { jwt: ['owner', stepUpAlways] },
]
/** An owner of the account that operates the deployment, in person. */
export const ofPlatform = 'of the platform'
const platformOwner = (...more: string[]): Requirement[] => [
  { session: ['owner', ofPlatform, ...more] },
  { jwt: ['owner', ofPlatform, ...more] },
]
export const byPlatform = [...platformOwner(), ...keyThatHolds('platform:manage')]
export const byPlatformAfterStepUp = [
  ...platformOwner(stepUpAlways),
  ...keyThatHolds('platform:manage'),
]
export const byPlatformOwnerAfterStepUp = platformOwner(stepUpAlways)
/** Enforced by `inPlatform`. */
export const byPlatformAdmin: Requirement[] = [
  { session: ['admin', ofPlatform] },
  { jwt: ['admin', ofPlatform] },
]
/** Enforced by `keys/powers.ts` where the key becomes what only an owner grants. */
export const byGrantor: Requirement[] = [
  { session: ['step-up for reserved scopes'] },
  { jwt: ['step-up for reserved scopes'] },
  ...keyThatHolds('keys:manage'),
]
/** Enforced by `identity/strong-roles.ts`. */
export const stepUpForStrongRoles = 'step-up for owners and admins'

export const byPrincipal: Requirement[] = [...keyThatHolds(), { jwt: [] }]
/** A credential that holds the scope of the route. */
export const scopeOfRoute = 'scope of the route'
export const byScopeOfRoute: Requirement[] = [
  ...keyThatHolds(scopeOfRoute),
  { jwt: [scopeOfRoute] },
]
export const byKey = keyThatHolds()
/** A person who is signed in, even as member of no account. */
export const bySession: Requirement[] = [{ session: [] }]
/** Enforced by `mayChange` of people/factors, which lets those who cannot step up enrol a first factor, and by people/sign-in-with. */
export const bySessionAfterStepUp: Requirement[] = [{ session: [stepUpAlways] }]
/** A person whose sign-in awaits a second factor. */
export const byAwaitingSession: Requirement[] = [{ awaitingSession: [] }]
/** Enforced by `opener` and `customer` of management/portal. */
export const byPortalKey = keyThatHolds('keys:portal')
export const byPortalSession: Requirement[] = [{ portalSession: [] }]
/** A key that holds `keys:verify`, or one of the platform that names the account. */
export const byVerifier = [...keyThatHolds('keys:verify'), ...keyThatHolds('platform:verify')]
export const byIntrospector: Requirement[] = [
  ...keyThatHolds('keys:verify'),
  { basicKey: ['keys:verify'] },
]
export const byOperator: Requirement[] = [{ setupToken: [] }]
export const byGithub: Requirement[] = [{ githubSignature: [] }]

export const securitySchemes = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The token of a key' },
  bearerKey: { type: 'http', scheme: 'bearer', description: 'The token of a key' },
  basicKey: {
    type: 'http',
    scheme: 'basic',
    description: 'The token of a key as the password; any user name',
  },
  jwt: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'Of a person: from GET /api/auth/token, or of the issuer that the deployment trusts',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'better-auth.session_token',
    description:
      'Of a person: from POST /api/auth/sign-in/email; `__Host-` before the name on https',
  },
  awaitingSession: {
    type: 'apiKey',
    in: 'cookie',
    name: 'better-auth.session_token',
    description:
      'The same cookie, of a sign-in that awaits its second factor: it serves for nothing else',
  },
  portalSession: {
    type: 'http',
    scheme: 'bearer',
    description: 'Of a customer: from POST /api/v1/portal/session. It serves for nothing else',
  },
  setupToken: { type: 'http', scheme: 'bearer', description: 'The secret SETUP_TOKEN' },
  githubSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Github-Public-Key-Signature',
    description: 'ECDSA P-256 with SHA-256 over the raw body, by a key that GitHub publishes',
  },
} as const

// The paths that the Worker answers itself: one list for routing, guards, log lines and the overlap with the gateway.
export const mePath = '/api/v1/me'
export const verifyPath = '/api/v1/keys/verify'
export const verifyBatchPath = '/api/v1/keys/verify-batch'
export const introspectPath = '/api/v1/introspect'
export const lookupPath = '/api/api-keys/lookup'
export const explainPath = '/api/api-keys/explain'
/** POSTs that read only: a member may, and they go on while changes are stopped. */
export const readingPosts: readonly string[] = [lookupPath, explainPath]
export const revokePath = '/api/api-keys/revoke'
/** POSTs that only take powers away: of many keys, or of who belongs to the account or was invited to it. */
export const removingPosts: readonly string[] = [
  revokePath,
  '/api/auth/organization/cancel-invitation',
  '/api/auth/organization/leave',
  '/api/auth/organization/remove-member',
]
/** A DELETE below one of them revokes a key, or ends deliveries to an endpoint. */
export const removablePaths: readonly string[] = [
  '/api/api-keys/',
  '/api/v1/portal/keys/',
  '/api/webhook-endpoints/',
]
export const leakPaths = '/api/leaks/*'
/** Mail that `npm start` keeps. In a deployment it is a path like any other (src/http/dev/). */
export const devMailPaths = ['/dev/mail', '/dev/mail.json']
/** RFC 9728 3: of the whole deployment, whose origin is one resource. */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource'
export const forwardAuthPaths = '/forward-auth/*'

/** Everything under the base of the gateway that no route of ours takes. */
export function gatewayPaths({ base }: { base: string }): string {
  return `${base}/*`
}

/** Resources under /api/ that need a person, a JWT or a managing key. */
export const guardedResources = [
  'account',
  'api-keys',
  'audit-events',
  'scopes',
  'formats',
  'members',
  'requests',
  'status',
  'usage',
  'webhook-endpoints',
]

/** Resources under /api/ whose routes check their callers themselves. */
export const openResources = [
  'accounts',
  'auth',
  'setup',
  'invitations',
  'sessions',
  'operations',
  'v1/portal',
  'v1/portal-sessions',
]

/** The methods that are checked before any router; of `introspectPath` its own does, whose errors are OAuth's. */
export const ownOperations = [
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/readyz' },
  { method: 'GET', path: '/openapi.json' },
  { method: 'GET', path: '/docs' },
  { method: 'GET', path: '/docs/*' },
  { method: 'GET', path: resourceMetadataPath },
  { method: 'GET', path: mePath },
  { method: 'DELETE', path: mePath },
  { method: 'POST', path: verifyPath },
  { method: 'POST', path: verifyBatchPath },
]

/**
 * What the dashboard has directly under /: its pages (src/dashboard/app.tsx), the portal and the folder of their files. The
 * pages of an account are under /a/ID/; where they were before leads there.
 */
const dashboard = [
  'a',
  'account',
  'accounts',
  'assets',
  'audit-log',
  'confirm-address',
  'forgot-password',
  'invitations',
  'keys',
  'members',
  'portal',
  'profile',
  'reset-password',
  'scopes',
  'setup',
  'sign-in',
  'status',
  'webhooks',
]

/** All of them. `/*` stands for the path before it and everything below. */
export const ownPaths: readonly string[] = [
  ...ownOperations.map(({ path }) => path),
  introspectPath,
  leakPaths,
  ...devMailPaths,
  forwardAuthPaths,
  ...[...guardedResources, ...openResources].map((resource) => `/api/${resource}/*`),
  ...dashboard.map((page) => `/${page}/*`),
]

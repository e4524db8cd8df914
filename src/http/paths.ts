// The paths that the Worker answers itself: one list for routing, guards and log lines.
export const mePath = '/api/v1/me'
export const verifyPath = '/api/v1/keys/verify'
export const verifyBatchPath = '/api/v1/keys/verify-batch'
export const introspectPath = '/api/v1/introspect'
export const lookupPath = '/api/api-keys/lookup'
/** POSTs that read only: a member may, and they go on while changes are stopped. */
export const readingPosts: readonly string[] = [lookupPath]
export const leakPaths = '/api/leaks/*'
export const forwardAuthPaths = '/forward-auth/*'
/** Everything under /api/ that no route above takes. */
export const gatewayPaths = '/api/*'

/** Resources under /api/ that need a person, a JWT or a managing key. */
export const guardedResources = [
  'account',
  'api-keys',
  'audit-events',
  'scopes',
  'formats',
  'requests',
  'status',
  'usage',
  'webhook-endpoints',
]

/** Resources under /api/ whose routes check their callers themselves. */
export const openResources = ['auth', 'setup', 'invitations', 'sessions', 'operations']

/** The methods of the paths that no router of its own answers. */
export const ownOperations = [
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/readyz' },
  { method: 'GET', path: '/openapi.json' },
  { method: 'GET', path: '/docs' },
  { method: 'GET', path: '/docs/*' },
  { method: 'GET', path: mePath },
  { method: 'DELETE', path: mePath },
  { method: 'POST', path: verifyPath },
  { method: 'POST', path: verifyBatchPath },
  { method: 'POST', path: introspectPath },
]

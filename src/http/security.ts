// Who may call an operation, as its document says it: each list holds alternatives. What enforces it
// are the guards.
type Requirement = Record<string, string[]>

const key: Requirement[] = [{ apiKey: [] }, { bearerKey: [] }]

export const byAnybody: Requirement[] = []
/** A person of the account, or a key that holds `keys:manage`. */
export const byManager: Requirement[] = [{ session: [] }, { jwt: [] }, ...key]
export const byHolder: Requirement[] = [...key, { jwt: [] }]
export const byKey = key
export const bySession: Requirement[] = [{ session: [] }]
/** A key that holds `keys:verify`. */
export const byVerifier = key
export const byIntrospector: Requirement[] = [...key, { basicKey: [] }]
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
      'Of a person: from POST /api/auth/sign-in/email; `__Secure-` before the name on https',
  },
  setupToken: { type: 'http', scheme: 'bearer', description: 'The secret SETUP_TOKEN' },
  githubSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Github-Public-Key-Signature',
    description: 'ECDSA P-256 with SHA-256 over the raw body, by a key that GitHub publishes',
  },
} as const

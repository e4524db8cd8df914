// The paths of Better Auth that are exposed, and their security. Any other path is a 404, so that an upgrade of
// the library exposes no new endpoint.
import { readPath } from '../../../core/path.ts'
import { targetOf } from '../../../core/target.ts'
import {
  anonymous,
  bySession,
  type Requirement,
  stepUpForStrongRoles,
} from '../../routing/security.ts'

export type AuthEndpoint = {
  security: Requirement[]
  /** The request names an object of an account: objects of other accounts are not found. */
  isOfAccount?: boolean
  /** Takes an Idempotency-Key. */
  isIdempotent?: boolean
}

const role = (name: 'member' | 'admin' | 'owner'): Requirement[] => [{ session: [name] }]
const within = (name: 'member' | 'admin' | 'owner'): AuthEndpoint => ({
  security: role(name),
  isOfAccount: true,
})

const givingRole: AuthEndpoint = {
  security: [{ session: ['admin', stepUpForStrongRoles] }],
  isOfAccount: true,
}

/** Always answers 403: listed to document that the endpoint is closed. */
const closed: Requirement[] = [{ closed: [] }]

export const authEndpoints: Record<string, AuthEndpoint> = {
  'GET /ok': { security: anonymous },
  'GET /jwks': { security: anonymous },
  'GET /get-session': { security: anonymous },
  'POST /sign-in/email': { security: anonymous },
  'POST /sign-up/email': { security: closed },
  'POST /sign-out': { security: anonymous },
  'GET /token': { security: role('member') },
  'POST /change-password': { security: bySession },
  'POST /update-user': { security: bySession },

  'GET /organization/list': { security: bySession },
  'POST /organization/set-active': within('member'),
  'GET /organization/get-full-organization': within('member'),
  'GET /organization/get-active-member': { security: role('member') },
  'GET /organization/get-active-member-role': { security: role('member') },
  'GET /organization/list-members': within('member'),
  'POST /organization/has-permission': { security: role('member') },
  'POST /organization/leave': within('member'),
  'GET /organization/list-invitations': within('admin'),
  'POST /organization/invite-member': { ...givingRole, isIdempotent: true },
  'POST /organization/cancel-invitation': within('admin'),
  'POST /organization/remove-member': within('admin'),
  'POST /organization/update-member-role': givingRole,
  'POST /organization/update': within('admin'),
  // Only for the invited person: the permission matrix creates an invitation of its own.
  'POST /organization/accept-invitation': { security: bySession },
  'POST /organization/reject-invitation': { security: bySession },
}

/**
 * The endpoint that a request means, as its path below `/api/auth`; null when none is open. The only reading of the
 * path: guards compare what this returns, and Better Auth gets a request with that very path.
 */
export function authEndpointPath(method: string, url: string): string | null {
  const segments = readPath(targetOf(url).path)
  if (segments === null) return null
  const [api, auth, ...rest] = segments
  const path = `/${rest.join('/')}`
  const isOpen =
    api === 'api' && auth === 'auth' && Object.hasOwn(authEndpoints, `${method} ${path}`)
  return isOpen ? path : null
}

// The roles of owner and admin are given only after step-up, by a changed role and by an invitation.
import { APIError } from 'better-auth/api'
import { stepUpDetails } from '../contract/refusals.ts'
import type { Role } from '../core/role.ts'
import { isSteppedUp } from '../core/step-up.ts'

/** After the right to give the role was checked. @throws APIError 403, whose code the route knows */
export function refuseUnproved(provedAt: number | null, role: Role): void {
  if (role === 'member' || isSteppedUp(provedAt, Date.now())) return
  throw new APIError('FORBIDDEN', { code: 'STEP_UP_REQUIRED', message: stepUpDetails.session })
}

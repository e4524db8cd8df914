// What Better Auth's endpoints do only after step-up: the roles of owner and admin, by a changed role and by an invitation,
// and a new password where a factor is enrolled.
import { APIError } from 'better-auth/api'
import { stepUpDetails } from '../contract/step-up.ts'
import { hasFactor } from '../core/factors.ts'
import type { Role } from '../core/role.ts'
import { isSteppedUp } from '../core/step-up.ts'
import { enrolledFactors } from '../storage/factor-store.ts'

/** After the right to give the role was checked. @throws APIError 403, whose code the route knows */
export function refuseUnproved(provedAt: number | null, role: Role): void {
  if (role === 'member' || isSteppedUp(provedAt, Date.now())) return
  throw unproved()
}

/** The present password, which the request has to name, proves a person without a factor. @throws APIError 403 */
export async function refuseUnprovedFactor(
  db: D1Database,
  userId: string,
  provedAt: number | null,
): Promise<void> {
  if (isSteppedUp(provedAt, Date.now()) || !hasFactor(await enrolledFactors(db, userId))) return
  throw unproved()
}

function unproved(): APIError {
  return new APIError('FORBIDDEN', {
    code: 'STEP_UP_REQUIRED',
    message: stepUpDetails.session,
  })
}

// The refusal of a request that needs step-up: apart from those of keys, which are loaded at start.
import { bearerChallenge } from '../../contract/refusals.ts'
import { stepUpDetails } from '../../contract/step-up.ts'
import type { PersonCredential } from '../../core/actor.ts'
import { stepUpSeconds } from '../../core/step-up.ts'
import { Problem } from './problem.ts'

/** RFC 9470 3 for a JWT; of a session the challenge of RFC 6750 is no part. */
export function stepUpRequired(credential: PersonCredential): Problem {
  const detail = stepUpDetails[credential]
  if (credential === 'session') return new Problem('step_up_required', { detail })
  const challenge = bearerChallenge('insufficient_user_authentication')
  const headers = { 'www-authenticate': `${challenge}, max_age="${stepUpSeconds}"` }
  return new Problem('step_up_required', { detail, headers })
}

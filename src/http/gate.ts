// The gate before every route. It reads the path once; a path with more than one reading ends here, so that
// no guard, policy or library behind it can read it differently.
import { isAmbiguous } from '../core/path.ts'
import { targetOf } from '../core/target.ts'
import { leavesPrefix, outsidePrefix } from './gateway/confined.ts'
import { Problem } from './response/problem.ts'
import { challenge } from './response/refusals.ts'

/** Why no route may see the request, or null. */
export function refusedAtGate({ url, headers }: Request): Problem | null {
  const { path } = targetOf(url)
  if (isAmbiguous(path)) return path.startsWith('/forward-auth/') ? denied : notFound
  return leavesPrefix(headers, path) ? outsidePrefix : null
}

const detail = 'The path can be read in more than one way.'

// Made once: a stack trace for each would cost more than the refusal.
const notFound = new Problem('not_found', { detail })
/** A proxy takes 403 for a denial, and nginx makes a 500 of 404. */
const denied = new Problem('forbidden', { detail, headers: challenge('invalid_request') })

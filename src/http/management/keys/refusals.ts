// Maps refused changes of keys to problems.
import type { ChangeResult, NotDone, Progress } from '../../../keys/change.ts'
import type { Refusal } from '../../../keys/refusal.ts'
import { invalidFields, Problem } from '../../response/problem.ts'
import { challenge } from '../../response/refusals.ts'
import { stepUpRequired } from '../../response/step-up.ts'
import { limitError } from './limit-schema.ts'

/** The progress of an accepted change. @throws Problem 403, 404 or 409 for a refused one. */
export function progressOf(changed: ChangeResult<Refusal>): Progress {
  if (changed.kind !== 'done') throw notDone(changed)
  return changed.progress
}

export function notDone(reason: NotDone<Refusal>): Problem {
  switch (reason.kind) {
    case 'not_found':
      return noSuchKey()
    case 'refused':
      return refusedChange(reason.refusal)
    case 'contended':
      return new Problem('conflict', { detail: 'Concurrent changes of this key. Try again.' })
  }
}

export function noSuchKey(): Problem {
  return new Problem('not_found', { detail: 'There is no such key in this account.' })
}

export function refusedChange(refusal: Refusal): Problem {
  switch (refusal.reason) {
    case 'grant':
      return new Problem('forbidden', {
        detail: refusal.detail,
        // RFC 6750 covers tokens only: a person with a session gets no challenge.
        ...(refusal.actor === 'key' && { headers: challenge('insufficient_scope') }),
      })
    case 'platform':
      return invalidFields([{ path: refusal.path, message: refusal.message }])
    case 'step_up':
      return stepUpRequired(refusal.credential)
    case 'hidden':
      return noSuchKey()
    case 'may_grant': {
      const message = 'Only keys:manage, keys:portal and platform:manage use may_grant'
      const errors = [{ path: 'may_grant', message }]
      return new Problem('invalid_request', { detail: `${message}.`, errors })
    }
    case 'max_keys':
      return new Problem('forbidden', {
        detail: `This key has made ${refusal.maxKeys} keys that are not revoked, as many as it may.`,
        headers: challenge('insufficient_scope'),
      })
    case 'revoked':
      return new Problem('conflict', { detail: 'A revoked key cannot be changed.' })
    case 'disabled':
      return new Problem('conflict', {
        detail: 'A disabled key cannot be rotated: enable it first.',
      })
    case 'expired':
      return new Problem('conflict', {
        detail: 'An expired key cannot be rotated: create a new one.',
      })
    case 'replaced':
      return new Problem('conflict', {
        detail: 'This key has been rotated, and never comes back: use the one that replaced it.',
        members: { replaced_by: refusal.replacedBy },
      })
    case 'environment':
      return new Problem('conflict', {
        detail: `No token format has the environment ${refusal.environment} of this key, which a successor keeps: configure one.`,
      })
    case 'version':
      return new Problem('precondition_failed', {
        detail: 'The key has changed since the version that If-Match names: read it again.',
      })
    case 'limits': {
      const error = limitError(refusal.error)
      return new Problem('invalid_request', { detail: error.message, errors: [error] })
    }
  }
}

/** For a time that is checked when it is executed: a repeated request may name one that has passed. @throws Problem 400 */
export function refusePast(expiresAt: number | null | undefined, nowMs: number): void {
  if (expiresAt == null || expiresAt > nowMs) return
  throw invalidFields([{ path: 'expires_at', message: 'Not in the future' }])
}

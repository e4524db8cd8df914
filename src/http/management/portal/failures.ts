// Why the portal refuses a customer, in words for them: they know nothing of the key that opened their session.

import type { NotDone } from '../../../keys/change.ts'
import type { Refusal } from '../../../keys/refusal.ts'
import { Problem } from '../../response/problem.ts'
import { challenge } from '../../response/refusals.ts'
import { failure, limited } from '../../routing/responses.ts'
import { notDone } from '../keys/refusals.ts'

export const customerFailures = {
  400: failure('The request is not valid; `errors` names the fields'),
  401: failure('No portal session, or one that has ended'),
  403: failure('The key is read-only, or the page is of another origin'),
  ...limited,
  503: failure('A store did not answer; trying again is safe'),
}

export function notDoneForCustomer(reason: NotDone<Refusal>): Problem {
  if (reason.kind !== 'refused') return notDone(reason)
  switch (reason.refusal.reason) {
    case 'grant':
      return forbidden(
        'This key is read-only here: it was made outside of the portal, or may do more than you may grant.',
      )
    case 'max_keys':
      return forbidden('There are as many keys as there may be: revoke one first.')
    case 'disabled':
      return new Problem('conflict', {
        detail: 'A disabled key cannot be rotated: create a new one.',
      })
    default:
      return notDone(reason)
  }
}

function forbidden(detail: string): Problem {
  return new Problem('forbidden', { detail, headers: challenge('insufficient_scope') })
}

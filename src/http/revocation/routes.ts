// Revoking without managing: what the finder of a token may do, and what GitHub reports. Assembled
// when it is first asked.

import type { Isolate } from '../../worker/context.ts'
import { dispatchAfterResponse } from '../../worker/queues.ts'
import { mePath } from '../paths.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { requestId } from '../response/request-id.ts'
import { createRouter } from '../routing/router.ts'
import { whileChangesGoOn } from '../status/operations.ts'
import { createLeakRoutes } from './leaks.ts'
import { createSelfRevoke } from './self-revoke.ts'

export function createRevocations(isolate: Isolate) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(requestId, whileChangesGoOn)
  router.use(mePath, dispatchAfterResponse(isolate))
  return router.route('/', createSelfRevoke(isolate)).route('/', createLeakRoutes(isolate))
}

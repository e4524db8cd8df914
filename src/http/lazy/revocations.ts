// Revoking without managing: what the finder of a token may do, and what GitHub reports. Assembled
// when it is first asked.
import { answerFailure, answerUnknownPath } from '../answers/failures.ts'
import { requestId } from '../answers/request-id.ts'
import { createLeakRoutes } from '../routes/leaks.ts'
import { whileChangesGoOn } from '../routes/operations.ts'
import { createSelfRevoke } from '../routes/self-revoke.ts'
import { createRouter } from '../schemas/openapi.ts'
import type { Isolate } from '../wiring.ts'
import { tellAfterwards } from './webhooks.ts'

export function createRevocations(isolate: Isolate) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(requestId, whileChangesGoOn)
  router.use('/api/v1/me', tellAfterwards(isolate))
  return router.route('/', createSelfRevoke(isolate)).route('/', createLeakRoutes(isolate))
}

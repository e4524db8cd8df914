// What services ask over HTTP about keys, assembled when it is first asked: zod is not evaluated on
// the way of a verification by binding or gateway.
import { answerFailure, answerUnknownPath } from '../answers/failures.ts'
import { requestId } from '../answers/request-id.ts'
import { createIntrospectRoutes } from '../routes/introspect.ts'
import { createVerifyRoutes } from '../routes/verify.ts'
import { bodySizeLimit, createRouter } from '../schemas/openapi.ts'
import type { Isolate } from '../wiring.ts'

export function createChecks(isolate: Isolate) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(requestId, bodySizeLimit)
  return router.route('/', createVerifyRoutes(isolate)).route('/', createIntrospectRoutes(isolate))
}

export type ChecksApi = ReturnType<typeof createChecks>

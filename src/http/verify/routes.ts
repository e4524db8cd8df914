// What services ask over HTTP about keys, assembled when it is first asked: zod is not evaluated on
// the way of a verification by binding or gateway.

import type { Isolate } from '../../worker/context.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { requestId } from '../response/request-id.ts'
import { bodySizeLimit, createRouter } from '../routing/router.ts'
import { createIntrospectRoutes } from './introspect.ts'
import { createVerifyRoutes } from './verify.ts'

export function createChecks(isolate: Isolate) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(requestId, bodySizeLimit)
  return router.route('/', createVerifyRoutes(isolate)).route('/', createIntrospectRoutes(isolate))
}

export type ChecksApi = ReturnType<typeof createChecks>

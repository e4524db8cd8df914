// What services ask over HTTP about keys, assembled when it is first asked: zod is not evaluated on
// the way of a verification by binding or gateway.

import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { requestId } from '../response/request-id.ts'
import { createRouter, methodsOfRouter } from '../routing/router.ts'
import type { AppSettings } from '../services.ts'
import { createIntrospectRoutes } from './introspect.ts'
import { createVerifyRoutes } from './verify.ts'

export function createChecks(settings: AppSettings) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(requestId, methodsOfRouter(router))
  return router.route('/', createVerifyRoutes(settings)).route('/', createIntrospectRoutes())
}

export type ChecksApi = ReturnType<typeof createChecks>

// Verification over HTTP. Loaded by its first request, so that the gateway and RPC do not evaluate zod.
import { introspectPath } from '../paths.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { routed } from '../response/reporting.ts'
import { createRouter, methodsOfRouter } from '../routing/router.ts'
import type { AppSettings } from '../services.ts'
import { createIntrospectRoutes } from './introspect.ts'
import { oauthErrors } from './oauth-errors.ts'
import { createVerifyRoutes } from './verify.ts'

export function createChecks(settings: AppSettings) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  // First, so that no failure of introspection is without its `error`.
  router.use(introspectPath, oauthErrors)
  router.use(routed, methodsOfRouter(router))
  return router
    .route('/', createVerifyRoutes(settings))
    .route('/', createIntrospectRoutes(settings))
}

export type ChecksApi = ReturnType<typeof createChecks>

// Revocation without management: with the token itself, and by reports of GitHub. Loaded by its first request.
import { mePath } from '../paths.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { routed } from '../response/reporting.ts'
import { dispatchAfterResponse, whileChangesGoOn } from '../routing/changes.ts'
import { createRouter, methodsOfRouter } from '../routing/router.ts'
import type { AppSettings } from '../services.ts'
import { createLeakRoutes } from './leaks.ts'
import { createSelfRevoke } from './self-revoke.ts'

export function createRevocations(settings: AppSettings) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(routed, methodsOfRouter(router, [{ method: 'get', path: mePath }]), whileChangesGoOn)
  router.use(mePath, dispatchAfterResponse)
  return router.route('/', createSelfRevoke()).route('/', createLeakRoutes(settings))
}

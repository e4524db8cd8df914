// The portal: sessions that keys open, and what a customer does in one. Its guards stand before its routes.
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv } from '../../app-env.ts'
import { countChange } from '../../auth/change-quota.ts'
import { refuseBadBody } from '../../routing/body.ts'
import { dispatchAfterResponse } from '../../routing/changes.ts'
import { createRouter } from '../../routing/router.ts'
import type { AppSettings } from '../../services.ts'
import { createPortalChanges } from './changes.ts'
import { createPortalKeyCreation } from './create.ts'
import { keysPath } from './customer-keys.ts'
import { corsOfPortal, countOfCustomer, customer, fromKnownPage, opener } from './guards.ts'
import { createPortalKeys } from './keys.ts'
import { createPortalSessions, sessionsPath } from './open.ts'
import { createPortalPage } from './page.ts'
import { createPortalRotation } from './rotate.ts'
import { createPortalSession, sessionPath } from './session.ts'
import { createPortalUsage } from './usage.ts'

const paths = '/api/v1/portal/*'

/** Before the methods of a path are checked: a preflight needs no credential. */
export function admitPages(router: OpenAPIHono<AppEnv>, settings: AppSettings): void {
  const cors = corsOfPortal(settings)
  if (cors !== null) router.use(paths, cors)
}

export function createPortal(settings: AppSettings) {
  const router = createRouter()
  router.use(sessionsPath, opener, refuseBadBody, countChange)
  router.use(paths, fromKnownPage(settings))
  router.on(['GET', 'DELETE'], sessionPath, customer)
  router.use(
    `${keysPath}/*`,
    customer,
    refuseBadBody,
    countOfCustomer,
    countChange,
    dispatchAfterResponse,
  )
  return router
    .route('/', createPortalSessions(settings))
    .route('/', createPortalPage(settings))
    .route('/', createPortalSession(settings))
    .route('/', createPortalKeys())
    .route('/', createPortalKeyCreation(settings))
    .route('/', createPortalChanges())
    .route('/', createPortalRotation())
    .route('/', createPortalUsage(settings))
}

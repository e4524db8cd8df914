// /api/auth/factors: the second factors of the person of a session. Ours, in front of Better Auth.
import { createRouter, operationsAfterStepUp } from '../../../routing/router.ts'
import { createFactorList } from './factors.ts'
import { createPasskeyRoutes } from './passkeys.ts'
import { factorsPath } from './schema.ts'
import { mayChange, withSession } from './session.ts'
import { createTotpRoutes } from './totp.ts'

export function createFactorRoutes() {
  const factors = createRouter()
    .route('/', createFactorList())
    .route('/', createTotpRoutes())
    .route('/', createPasskeyRoutes())
  const routes = createRouter()
  routes.use(`${factorsPath}/*`, withSession)
  for (const { method, path } of operationsAfterStepUp(factors)) routes.on(method, path, mayChange)
  return routes.route('/', factors)
}

// Everything that people and managing keys use, assembled when it is first asked for: none of it is
// evaluated on the way of a verification.

import type { Context, MiddlewareHandler } from 'hono'
import { settle } from '../../authority/settle.ts'
import { answerFailure, answerUnknownPath } from '../answers/failures.ts'
import { requestId } from '../answers/request-id.ts'
import type { AppEnv } from '../env.ts'
import { manager, personOfRole } from '../guard.ts'
import { createAccountRoutes } from '../routes/account.ts'
import { createApiKeyActions } from '../routes/api-key-actions.ts'
import { createApiKeyCredits } from '../routes/api-key-credits.ts'
import { createApiKeyImport, importPath, mostImportBytes } from '../routes/api-key-import.ts'
import { createApiKeyUsage } from '../routes/api-key-usage.ts'
import { createApiKeyRoutes } from '../routes/api-keys.ts'
import { createAuditRoutes } from '../routes/audit-events.ts'
import { createAuthRoutes, type MembershipChange } from '../routes/auth.ts'
import { createInvitationRoutes } from '../routes/invitations.ts'
import { createOperationRoutes, whileChangesGoOn } from '../routes/operations.ts'
import { createScopeRoutes } from '../routes/scopes.ts'
import { createSessionRoutes } from '../routes/sessions.ts'
import { createSetupRoutes } from '../routes/setup.ts'
import { createStatusRoutes } from '../routes/status.ts'
import { createWebhookDeliveries } from '../routes/webhook-deliveries.ts'
import { createWebhookEndpointChanges } from '../routes/webhook-endpoint-changes.ts'
import { createWebhookEndpoints } from '../routes/webhook-endpoints.ts'
import { createWebhookSecrets } from '../routes/webhook-secrets.ts'
import { bodySizeLimit, createRouter, jsonOnly, limitBody } from '../schemas/openapi.ts'
import type { Isolate } from '../wiring.ts'
import { changeStores, settleSettings } from './change-wiring.ts'
import { tellAfterwards } from './webhooks.ts'

export function createManagement(isolate: Isolate) {
  const router = createRouter()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(requestId, sizeLimit, jsonOnly, whileChangesGoOn)

  router.route('/api/auth', createAuthRoutes({ afterMembershipChange: keysFollow(isolate) }))
  router.route('/', createSetupRoutes())
  router.route('/', createInvitationRoutes())
  router.route('/', createSessionRoutes())
  router.route('/', createOperationRoutes(isolate))

  const guarded = [
    'account',
    'api-keys',
    'audit-events',
    'scopes',
    'formats',
    'status',
    'webhook-endpoints',
  ]
  for (const resource of guarded) router.use(`/api/${resource}/*`, manager(isolate))
  for (const telling of ['api-keys', 'webhook-endpoints']) {
    router.use(`/api/${telling}/*`, tellAfterwards(isolate))
  }
  router.use('/api/status', personOfRole('admin'))
  router.route('/', createGuarded(isolate))
  return router
}

/** What a person's session, a JWT or a managing key may use; its type is the dashboard's client. */
function createGuarded(isolate: Isolate) {
  return createRouter()
    .route('/', createAccountRoutes(isolate))
    .route('/', createApiKeyRoutes(isolate))
    .route('/', createApiKeyActions(isolate))
    .route('/', createApiKeyCredits())
    .route('/', createApiKeyImport(isolate))
    .route('/', createApiKeyUsage(isolate))
    .route('/', createAuditRoutes())
    .route('/', createScopeRoutes(isolate))
    .route('/', createWebhookEndpoints(isolate))
    .route('/', createWebhookEndpointChanges(isolate))
    .route('/', createWebhookSecrets(isolate))
    .route('/', createWebhookDeliveries(isolate))
    .route('/', createStatusRoutes(isolate))
}

export type ManagementApi = ReturnType<typeof createGuarded>

const importSizeLimit = limitBody(mostImportBytes)

const sizeLimit: MiddlewareHandler<AppEnv> = function sizeLimit(c, next) {
  return (c.req.path === importPath ? importSizeLimit : bodySizeLimit)(c, next)
}

/** The keys that inherit from a member follow before the change of the member is answered. */
function keysFollow(isolate: Isolate) {
  return ({ accountId }: MembershipChange, c: Context<AppEnv>) =>
    settle(changeStores(isolate, c.env), settleSettings(isolate), { accountId })
}

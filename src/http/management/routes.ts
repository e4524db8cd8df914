// The endpoints for people and managing keys, created on first use: a verification evaluates none of them.

import type { Context } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { countChange } from '../auth/change-quota.ts'
import {
  inPlatform,
  manager,
  notByPlatform,
  personOfRole,
  platformManager,
  steppedUp,
  withoutBounds,
} from '../auth/guards.ts'
import { guardedResources } from '../paths.ts'
import { answerUnknownPath } from '../response/failures.ts'
import { answerFailedChange } from '../response/quotas.ts'
import { routed } from '../response/reporting.ts'
import { jsonBody, maxBodyBytes, refuseBadBody } from '../routing/body.ts'
import { dispatchAfterResponse, mailAfterResponse, whileChangesGoOn } from '../routing/changes.ts'
import type { Operation } from '../routing/methods.ts'
import {
  createRouter,
  methodsOfRouter,
  operationsAfterStepUp,
  operationsInPerson,
} from '../routing/router.ts'
import type { AppSettings } from '../services.ts'
import { createAccountRoutes } from './accounts/account.ts'
import { createAuditRoutes } from './accounts/audit-events.ts'
import { accountsPath, createPlatformAccounts } from './accounts/platform-accounts.ts'
import { createPlatformChanges } from './accounts/platform-changes.ts'
import { createFactorRequirement } from './accounts/require-factor.ts'
import { createSuspensions } from './accounts/suspension.ts'
import { createKeyExplanation } from './explain/explain.ts'
import { createApiKeyActions } from './keys/actions.ts'
import { createApiKeyCreation } from './keys/create.ts'
import { createApiKeyCredits } from './keys/credits.ts'
import { createApiKeyImport, importPath, maxImportBytes } from './keys/import.ts'
import { createApiKeyRoutes } from './keys/keys.ts'
import { createKeyListRoute } from './keys/list.ts'
import { createKeyLookup } from './keys/lookup.ts'
import { createScopeRoutes } from './keys/scopes.ts'
import { createKeySummary } from './keys/summary.ts'
import { createKeyTemplates } from './keys/templates.ts'
import { createAuthRoutes, type MembershipChange } from './people/auth.ts'
import { authEndpoints } from './people/auth-endpoints.ts'
import { createAddressRoutes } from './people/confirm-address.ts'
import { createPasskeySignIn } from './people/factors/passkey-sign-in.ts'
import { createFactorRoutes } from './people/factors/routes.ts'
import { factorsPath } from './people/factors/schema.ts'
import { createFactorSignIn, factorPath } from './people/factors/sign-in.ts'
import { createInvitationRoutes } from './people/invitations.ts'
import { createMemberFactors } from './people/member-factors.ts'
import { createResetRoutes } from './people/reset.ts'
import { createResetLinkRoutes } from './people/reset-link.ts'
import { createSessionRoutes } from './people/sessions.ts'
import { createSetupRoutes } from './people/setup.ts'
import { createSignInMethods } from './people/sign-in-methods.ts'
import { createSignInWith } from './people/sign-in-with/begin.ts'
import { createSignInCallback } from './people/sign-in-with/callback.ts'
import { createLinkRoutes, linksPath } from './people/sign-in-with/links.ts'
import { createStepUpRoutes } from './people/step-up.ts'
import { admitPages, createPortal } from './portal/routes.ts'
import { createOperationRoutes } from './status/operations.ts'
import { createStatusRoutes } from './status/status.ts'
import { createAccountUsage, usagePath } from './usage/account-usage.ts'
import { createApiKeyUsage } from './usage/key-usage.ts'
import { createUsageOfKeys } from './usage/keys-usage.ts'
import { createRequestRoutes } from './usage/requests.ts'
import { createUsageOfAccount } from './usage/usage-of-account.ts'
import { createWebhookDeliveries } from './webhooks/deliveries.ts'
import { createWebhookEndpointChanges } from './webhooks/endpoint-changes.ts'
import { createWebhookEndpoints } from './webhooks/endpoints.ts'
import { createWebhookSecrets } from './webhooks/secrets.ts'

export function createManagement(settings: AppSettings) {
  const router = createRouter()
  router.onError(answerFailedChange)
  router.notFound(answerUnknownPath)
  const auth = Object.keys(authEndpoints).map(operationOf)
  admitPages(router, settings)
  router.use(routed, methodsOfRouter(router, auth), jsonBody(maxBytesOf), whileChangesGoOn)
  router.use('/api/auth/*', mailAfterResponse)

  for (const telling of [factorPath, `${factorsPath}/*`, `${linksPath}/*`]) {
    router.use(telling, dispatchAfterResponse)
  }
  router.route('/', createStepUpRoutes())
  router.route('/', createFactorSignIn())
  router.route('/', createPasskeySignIn())
  router.route('/', createFactorRoutes())
  router.route('/', createSignInMethods())
  router.route('/', createSignInWith())
  router.route('/', createSignInCallback())
  router.route('/', createLinkRoutes())
  router.route('/', createResetRoutes())
  router.route('/', createAddressRoutes())
  router.route('/api/auth', createAuthRoutes({ afterMembershipChange: keysFollow }))
  router.route('/', createSetupRoutes())
  router.route('/', createInvitationRoutes())
  router.route('/', createSessionRoutes())
  router.route('/', createOperationRoutes())
  router.route('/', createPortal(settings))

  router.use(`${accountsPath}/*`, platformManager)
  for (const resource of guardedResources) router.use(`/api/${resource}/*`, manager)
  for (const telling of ['api-keys', 'webhook-endpoints']) {
    router.use(`/api/${telling}/*`, dispatchAfterResponse)
  }
  const guarded = createGuarded(settings)
  for (const { method, path, weakest } of operationsInPerson(guarded)) {
    router.on(method, path, personOfRole(weakest))
  }
  router.use('/api/status', inPlatform)
  for (const path of ['/api/webhook-endpoints/*', usagePath]) router.use(path, withoutBounds)
  router.use('/api/webhook-endpoints/*', notByPlatform)
  for (const { method, path } of operationsAfterStepUp(guarded)) router.on(method, path, steppedUp)
  // What cannot be read is no change that counts.
  for (const resource of guardedResources) {
    router.use(`/api/${resource}/*`, refuseBadBody, countChange)
  }
  router.route('/', guarded)
  return router
}

/** The endpoints for a session, a JWT or a managing key; its type is the client of the dashboard. */
function createGuarded(settings: AppSettings) {
  return createRouter()
    .route('/', createAccountRoutes())
    .route('/', createFactorRequirement())
    .route('/', createPlatformAccounts())
    .route('/', createPlatformChanges())
    .route('/', createSuspensions())
    .route('/', createResetLinkRoutes())
    .route('/', createMemberFactors())
    .route('/', createUsageOfAccount(settings))
    .route('/', createKeyListRoute(settings))
    .route('/', createKeySummary(settings))
    .route('/', createUsageOfKeys(settings))
    .route('/', createKeyTemplates(settings))
    .route('/', createKeyLookup())
    .route('/', createKeyExplanation(settings))
    .route('/', createApiKeyRoutes(settings))
    .route('/', createApiKeyCreation(settings))
    .route('/', createApiKeyActions())
    .route('/', createApiKeyCredits())
    .route('/', createApiKeyImport(settings))
    .route('/', createApiKeyUsage(settings))
    .route('/', createAccountUsage(settings))
    .route('/', createRequestRoutes())
    .route('/', createAuditRoutes())
    .route('/', createScopeRoutes(settings))
    .route('/', createWebhookEndpoints(settings))
    .route('/', createWebhookEndpointChanges(settings))
    .route('/', createWebhookSecrets(settings))
    .route('/', createWebhookDeliveries(settings))
    .route('/', createStatusRoutes(settings))
}

export type ManagementApi = ReturnType<typeof createGuarded>

function maxBytesOf(path: string): number {
  return path === importPath ? maxImportBytes : maxBodyBytes
}

/** Parses `METHOD /path`, the format in which Better Auth's endpoints are listed. */
function operationOf(name: string): Operation {
  const [method = '', path = ''] = name.split(' ')
  return { method, path: `/api/auth${path}` }
}

/** Keys that inherit from a member are updated before the change of the member is answered. */
function keysFollow({ accountId }: MembershipChange, c: Context<AppEnv>): Promise<string[]> {
  return c.env.settleAccount(accountId)
}

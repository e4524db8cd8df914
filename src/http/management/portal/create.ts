// POST /api/v1/portal/keys: a customer creates a key.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { FieldError } from '../../../contract/problems.ts'
import { uncoveredScopes } from '../../../core/scope-grants.ts'
import { heldRefusal } from '../../../core/scope-matcher.ts'
import type { KeyAttributes } from '../../../keys/attributes.ts'
import { issueKey, refuseIssue } from '../../../keys/issue.ts'
import { formatOf } from '../../../keys/mint.ts'
import { findOpenSession } from '../../../storage/portal-sessions.ts'
import type { AppEnv } from '../../app-env.ts'
import { invalidFields } from '../../response/problem.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { nameField } from '../../routing/fields.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { etagHeader, tagAnswer } from '../../routing/if-match.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPortalSession } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { expiryField } from '../keys/key-schema.ts'
import { stored } from '../keys/keys.ts'
import { refusePast } from '../keys/refusals.ts'
import { repeatedKey } from '../keys/repeated.ts'
import { keysPath, newCustomerView } from './customer-keys.ts'
import { customerFailures, notDoneForCustomer } from './failures.ts'
import { ended } from './guards.ts'
import { portalKeySchema } from './schema.ts'

const body = z.strictObject({
  name: nameField,
  scopes: z
    .array(z.string())
    .max(200)
    .transform((scopes) => [...new Set(scopes)])
    .openapi({
      description: 'Of those of the session, or one for a resource of them',
      example: ['contacts:read'],
    }),
  environment: z
    .string()
    .optional()
    .openapi({ description: 'Of those of the session; the first if left out', example: 'live' }),
  // A repeated request may name a time that has passed: a new one is checked when it is executed.
  expires_at: expiryField.optional().openapi({
    description: 'null: never, where the session allows it; left out: the latest that it allows',
  }),
})

const create = createRoute({
  tags: ['Portal'],
  security: byPortalSession,
  method: 'post',
  path: keysPath,
  operationId: 'createPortalKey',
  summary: 'Create a key of the customer; only this response contains its token',
  ...idempotent,
  request: json(body),
  responses: {
    201: {
      ...success('The key with its token', portalKeySchema.extend({ key: z.string() })),
      ...etagHeader,
    },
    ...customerFailures,
    ...bodyFailures,
    409: failure('Executed before: rotate `key_id` for a new token'),
    ...idempotentFailures,
  },
})

export function createPortalKeyCreation(settings: AppSettings) {
  return createRouter().openapi(create, async (c) => {
    const payload = c.req.valid('json')
    const inputNow = () => inputOf(c, payload, settings)
    return once(c, {
      ...{ route: create, payload },
      authorize() {
        const refusal = refuseIssue(callerOf(c), inputNow(), settings)
        if (refusal !== null) throw notDoneForCustomer({ kind: 'refused', refusal })
      },
      async execute(request) {
        refusePast(payload.expires_at, settings.clock.now())
        const stores = await c.env.changeStores()
        const issued = await issueKey(
          stores,
          await keySettingsOf(c),
          callerOf(c),
          inputNow(),
          request,
        )
        if (issued.kind === 'refused') {
          await refuseEnded(c)
          throw notDoneForCustomer({ kind: 'refused', refusal: issued.refusal })
        }
        const row = await stored(c, issued.id)
        const data = { ...(await newCustomerView(c, row)), key: issued.token }
        tagAnswer(c, row)
        c.header('Cache-Control', 'no-store')
        return c.json({ status: 'success' as const, data }, 201)
      },
      repeat: (made) => repeatedKey(c, made),
    })
  })
}

/** What the customer asks for, as the session has it where they say nothing. @throws Problem 400 */
function inputOf(
  c: Context<AppEnv>,
  { name, scopes, environment, expires_at }: z.output<typeof body>,
  { config, clock }: AppSettings,
): KeyAttributes & { formatName: string } {
  const { session, actor } = c.var.customer
  const { environments, maxLifetime, rateLimit } = actor.mayGrant
  const allowed = actor.mayGrant.scopes ?? []
  const beyond = new Set(uncoveredScopes(scopes, allowed, config.scopes))
  const wanted = environment ?? environments?.[0] ?? ''
  const formatName = environments?.includes(wanted) ? formatOf(wanted, config) : null
  const latest = maxLifetime === null ? null : clock.now() + maxLifetime * 1000
  const expiresAt = expires_at === undefined ? latest : expires_at
  const errors: FieldError[] = scopes.flatMap((scope, at) =>
    beyond.has(scope) || heldRefusal(scope, config.scopes) !== null
      ? [{ path: `scopes.${at}`, message: 'No scope of this session' }]
      : [],
  )
  if (formatName === null)
    errors.push({ path: 'environment', message: 'No environment of this session' })
  if (latest !== null && (expiresAt ?? Infinity) > latest) {
    errors.push({ path: 'expires_at', message: `Within ${maxLifetime} seconds` })
  }
  if (errors.length > 0 || formatName === null) throw invalidFields(errors)
  const limits = {
    rateLimit: rateLimit && [...rateLimit],
    credits: null,
    limitsBy: 'external_id' as const,
  }
  const given = { name, scopes, expiresAt, formatName }
  return {
    ...given,
    ...limits,
    externalId: session.externalId,
    allowedIps: null,
    metadata: null,
    mayGrant: null,
  }
}

/** Where nothing was stored: because the session has ended meanwhile, or because there are too many keys. @throws Problem 401 */
async function refuseEnded(c: Context<AppEnv>): Promise<void> {
  const { session } = c.var.customer
  const found = await findOpenSession(c.env.db, session.digest, c.env.clock.now())
  if (found === null) throw ended()
}

// POST /api/api-keys: creates a key.
import { createRoute, z } from '@hono/zod-openapi'
import { issueKey, refuseIssue } from '../../../keys/issue.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { etagHeader, tagAnswer } from '../../routing/if-match.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byGrantor } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { attributesOf } from './key-input.ts'
import { keyFields, keySchema } from './key-schema.ts'
import { path, stored } from './keys.ts'
import { checkNewLimits } from './limit-schema.ts'
import { refusedChange, refusePast } from './refusals.ts'
import { repeatedKey } from './repeated.ts'
import { newKeyView } from './views.ts'

function createOperation({ config }: AppSettings) {
  // A repeated request may name a time that has passed: a new one is checked when it is executed.
  const { name, ...optional } = keyFields(config, () => -Infinity)
  const formats = Object.keys(config.formats) as [string, ...string[]]
  const body = z
    .strictObject({
      name,
      ...z.object(optional).partial().shape,
      format: z.enum(formats).optional(),
      is_active: z
        .boolean()
        .optional()
        .openapi({ description: 'false: disabled until it is enabled' }),
    })
    .superRefine(checkNewLimits)
  return createRoute({
    method: 'post',
    path,
    operationId: 'createKey',
    tags: ['API keys'],
    security: byGrantor,
    summary: 'Create a key; only this response contains its token',
    ...idempotent,
    request: json(body),
    responses: {
      201: {
        ...success('The key with its token', keySchema.extend({ key: z.string() })),
        ...etagHeader,
      },
      ...managementFailures,
      ...bodyFailures,
      409: failure('Executed before: rotate `key_id` for a new token'),
      ...idempotentFailures,
    },
  })
}

export function createApiKeyCreation(settings: AppSettings) {
  const create = createOperation(settings)
  return createRouter().openapi(create, async (c) => {
    const payload = c.req.valid('json')
    const { defaultFormat } = settings.config
    const formatName = payload.format ?? defaultFormat
    const attributes = attributesOf(payload)
    const input = { ...attributes, formatName, disabled: payload.is_active === false }
    return once(c, {
      ...{ route: create, payload },
      authorize() {
        const refusal = refuseIssue(callerOf(c), input, settings)
        if (refusal !== null) throw refusedChange(refusal)
      },
      async execute(request) {
        refusePast(payload.expires_at, settings.clock.now())
        const keySettings = await keySettingsOf(c)
        const stores = await c.env.changeStores()
        const issued = await issueKey(stores, keySettings, callerOf(c), input, request)
        if (issued.kind === 'refused') throw refusedChange(issued.refusal)
        const row = await stored(c, issued.id)
        const data = { ...(await newKeyView(c, row)), key: issued.token }
        tagAnswer(c, row)
        c.header('Cache-Control', 'no-store')
        return c.json({ status: 'success' as const, data }, 201)
      },
      repeat: (made) => repeatedKey(c, made),
    })
  })
}

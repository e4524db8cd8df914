// POST /api/api-keys/{id}/credits: adds credits to the balance of a key.
import { createRoute, z } from '@hono/zod-openapi'
import { maxIdempotencyKeyLength } from '../../../contract/verify.ts'
import { type TopUpKeyResult, topUpKey } from '../../../keys/top-up.ts'
import { recordTopUp, type TopUpEvent } from '../../../storage/top-ups.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { idParam, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import { existing, idPath } from './keys.ts'
import { creditsOut, creditsView, topUpAmount } from './limit-schema.ts'
import { refusedChange } from './refusals.ts'

const headers = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(maxIdempotencyKeyLength)
    .optional()
    .openapi({ description: 'Repeats within 24 hours add once' }),
})

const addCredits = createRoute({
  method: 'post',
  path: `${idPath}/credits`,
  operationId: 'addCredits',
  tags: ['API keys'],
  security: byManager,
  summary: 'Add credits to the balance of a key',
  description:
    'For all keys that share its balance (`limits_by`). To set the balance, change the key. Without `Idempotency-Key`, a repeated request adds again.',
  request: { params: idParam, headers, ...json(z.strictObject({ add: topUpAmount })) },
  responses: {
    200: success(
      'The credits of the key now',
      z.object({
        credits: creditsOut.unwrap(),
        repeated: z.boolean().openapi({ description: 'The credits had been added before' }),
      }),
    ),
    ...managementFailures,
    ...bodyFailures,
    404: failure('No such key in this account'),
    409: failure(
      'The key is revoked or has no credits, or the Idempotency-Key added another number',
    ),
  },
})

export function createApiKeyCredits() {
  return createRouter().openapi(addCredits, async (c) => {
    const key = await existing(c, c.req.valid('param').id)
    const idempotencyKey = c.req.valid('header')['idempotency-key'] ?? null
    const stores = {
      meters: c.env.meters(),
      record: (event: TopUpEvent) => recordTopUp(c.env.db, event),
      newId: () => crypto.randomUUID(),
    }
    const topUp = { amount: c.req.valid('json').add, idempotencyKey }
    const result = await topUpKey(stores, await keySettingsOf(c), callerOf(c), key, topUp)
    if (result.kind === 'forbidden') throw refusedChange(result.refusal)
    if (result.kind !== 'done') throw refusalOf(result, idempotencyKey !== null)
    const credits = creditsView(key.credits, result.credits)
    if (credits === null) throw new Error('Credits were added where there are none.')
    const data = { credits, repeated: result.isRepeated }
    return c.json({ status: 'success' as const, data }, 200)
  })
}

const refusals = {
  revoked: 'A revoked key cannot be changed.',
  no_credits: 'This key has no credits to add to: set some by changing it.',
  conflict: 'This Idempotency-Key added another number of credits within 24 hours.',
}

function refusalOf(
  result: Exclude<TopUpKeyResult, { kind: 'done' | 'forbidden' }>,
  canRepeat: boolean,
): Problem {
  if (result.kind === 'refused') return new Problem('conflict', { detail: refusals[result.reason] })
  const detail = canRepeat
    ? 'A store did not answer. Retry with the same Idempotency-Key: the credits are added once.'
    : 'A store did not answer, so the credits may have been added: check the key before retrying.'
  const { cause } = result
  return new Problem('authority_unavailable', { detail, cause, headers: { 'retry-after': '1' } })
}

// POST /api/api-keys/{id}/credits: adds credits to the balance of a key.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { IdempotentRequest } from '../../../core/idempotency.ts'
import { refuseGrant } from '../../../keys/powers.ts'
import { type TopUpInput, type TopUpKeyResult, topUpKey } from '../../../keys/top-up.ts'
import { claimRequest } from '../../../storage/idempotency.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import { recordTopUp, type TopUpEvent } from '../../../storage/top-ups.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf } from '../../routing/caller.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { idParam, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byGrantor } from '../../routing/security.ts'
import { existing, idPath } from './keys.ts'
import { creditsOut, creditsView, topUpAmount } from './limit-schema.ts'
import { refusedChange } from './refusals.ts'

const addCredits = createRoute({
  method: 'post',
  path: `${idPath}/credits`,
  operationId: 'addCredits',
  tags: ['API keys'],
  security: byGrantor,
  summary: 'Add credits to the balance of a key',
  description:
    'For all keys that share its balance (`limits_by`). To set the balance, change the key. Without `Idempotency-Key`, a repeated request adds again.',
  ...idempotent,
  request: { params: idParam, ...json(z.strictObject({ add: topUpAmount })) },
  responses: {
    200: success(
      'The credits of the key now',
      z.object({
        credits: creditsOut.openapi({ description: 'null: the key has none any more' }),
        repeated: z.boolean().openapi({ description: 'The credits had been added before' }),
      }),
    ),
    ...managementFailures,
    ...bodyFailures,
    404: failure('No such key in this account'),
    409: failure('The key is revoked, was rotated or has no credits'),
    ...idempotentFailures,
  },
})

export function createApiKeyCredits() {
  return createRouter().openapi(addCredits, async (c) => {
    const key = await existing(c, c.req.valid('param').id)
    const refusal = refuseGrant(callerOf(c), key, c.env)
    if (refusal !== null) throw refusedChange(refusal)
    const payload = c.req.valid('json')
    const amount = payload.add
    return once(c, {
      ...{ route: addCredits, payload },
      execute: (request) => topUp(c, key, { amount, request }),
      repeat: (claimed, request) => topUp(c, key, { amount, request, claimed }),
    })
  })
}

async function topUp(c: Context<AppEnv>, key: ListedKey, input: TopUpInput) {
  const { db, clock } = c.env
  const stores = {
    meters: await c.env.meters(),
    claim: (request: IdempotentRequest, meter: string) =>
      claimRequest(db, request, meter, clock.now()),
    record: (event: TopUpEvent) => recordTopUp(db, event),
    newId: () => crypto.randomUUID(),
  }
  const result = await topUpKey(stores, callerOf(c), key, input)
  if (result.kind !== 'done') throw refusalOf(result, input.request !== null)
  const data = { credits: creditsView(key.credits, result.credits), repeated: result.isRepeated }
  return c.json({ status: 'success' as const, data }, 200)
}

const refusals = {
  revoked: 'A revoked key cannot be changed.',
  replaced: 'This key has been rotated: its successor has the balance.',
  no_credits: 'This key has no credits to add to: set some by changing it.',
  moved:
    'The key has another balance than when this Idempotency-Key was first sent, and nothing was added.',
}

function refusalOf(result: Exclude<TopUpKeyResult, { kind: 'done' }>, canRepeat: boolean): Problem {
  if (result.kind === 'refused') {
    return result.reason === 'reused'
      ? new Problem('idempotency_key_reused')
      : new Problem('conflict', { detail: refusals[result.reason] })
  }
  const detail = canRepeat
    ? 'A store did not answer. Retry with the same Idempotency-Key: the credits are added once.'
    : 'A store did not answer, so the credits may have been added: check the key before retrying.'
  const { cause } = result
  return new Problem('authority_unavailable', { detail, cause, headers: { 'retry-after': '1' } })
}

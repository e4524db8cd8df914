// POST /api/api-keys/lookup: which key of the account has a token. It only reads; the token is in the body, since URLs
// are logged.
import { createRoute, z } from '@hono/zod-openapi'
import { digestOf } from '../../../core/token.ts'
import { isPlausible } from '../../../keys/plausible-token.ts'
import { isVisible } from '../../../keys/powers.ts'
import { findKeyByDigest, type ListedKey } from '../../../storage/key-store.ts'
import { lookupPath } from '../../paths.ts'
import { keySettingsOf } from '../../routing/caller.ts'
import { etagHeader, tagAnswer } from '../../routing/if-match.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import { keySchema } from './key-schema.ts'
import { noSuchKey } from './refusals.ts'
import { viewFor } from './views.ts'

const body = z.strictObject({
  token: z
    .string()
    .max(1_000)
    .openapi({ description: 'White space around it is dropped', example: 'whm_…' }),
})

const lookUp = createRoute({
  method: 'post',
  path: lookupPath,
  operationId: 'lookUpKey',
  tags: ['API keys'],
  security: byManager,
  summary: 'Find the key with a token',
  description:
    'Reads only: members may, and it goes on while changes are stopped. Finds revoked, expired and disabled keys too. A token that is malformed, forged or unknown, that of another account and that of a key beyond the `may_grant` of the caller get the same 404.',
  request: json(body),
  responses: {
    200: { ...success('The key', keySchema), ...etagHeader },
    ...managementFailures,
    ...bodyFailures,
    404: failure('No such key in this account'),
  },
})

export function createKeyLookup() {
  return createRouter().openapi(lookUp, async (c) => {
    const token = c.req.valid('json').token.trim()
    const settings = await keySettingsOf(c)
    let row: ListedKey | null = null
    if (await isPlausible(token, settings)) {
      row = await findKeyByDigest(c.env.db, c.var.actor.accountId, await digestOf(token))
    }
    if (row === null || !isVisible(c.var.actor, row, c.env)) throw noSuchKey()
    tagAnswer(c, row)
    c.header('Cache-Control', 'no-store')
    return c.json({ status: 'success' as const, data: await viewFor(c, row) }, 200)
  })
}

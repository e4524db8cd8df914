// POST /api/api-keys/explain: what a request with a key gets now, and why. It reads D1 and the meter, and changes nothing.
import type { Context } from 'hono'
import { isBounded } from '../../../core/grant.ts'
import { isVisible } from '../../../keys/powers.ts'
import { createKeyReader, findKeyByDigest, type ListedKey } from '../../../storage/key-store.ts'
import type { AppEnv } from '../../app-env.ts'
import { policyOfGateway } from '../../gateway/admission.ts'
import { keySettingsOf } from '../../routing/caller.ts'
import { createRouter } from '../../routing/router.ts'
import type { AppSettings } from '../../services.ts'
import { existing } from '../keys/keys.ts'
import { noSuchKey } from '../keys/refusals.ts'
import { explanationOf, type Subject } from './explanation.ts'
import { type Presented, readPresented } from './presented-token.ts'
import { questionOf } from './question.ts'
import { type ExplainRequest, explainOperation } from './schema.ts'

export function createKeyExplanation({ config }: AppSettings) {
  const policy = policyOfGateway(config)
  return createRouter().openapi(explainOperation(config), async (c) => {
    const body = c.req.valid('json')
    const question = questionOf(body, policy, config)
    const presented = await presentedIn(c, body)
    const subject = await subjectOf(c, body, presented)
    const data = await explanationOf(c.env, { presented, subject, question })
    c.header('Cache-Control', 'no-store')
    return c.json({ status: 'success' as const, data }, 200)
  })
}

async function presentedIn(
  c: Context<AppEnv>,
  { token }: ExplainRequest,
): Promise<Presented | null> {
  return token === undefined ? null : readPresented(token.trim(), await keySettingsOf(c))
}

/** null: no key of the account has the token. @throws Problem 404 */
async function subjectOf(
  c: Context<AppEnv>,
  { key_id }: ExplainRequest,
  presented: Presented | null,
): Promise<Subject | null> {
  if (key_id !== undefined) return withRecord(c, await existing(c, key_id))
  const { actor } = c.var
  const digest = presented?.digest ?? null
  if (digest === null) return null
  const row = await findKeyByDigest(c.env.db, actor.accountId, digest)
  if (row !== null && isVisible(actor, row, c.env)) return withRecord(c, row)
  // A key with bounds must not learn which of the tokens that it cannot explain are known.
  if (row !== null || (actor.kind === 'key' && isBounded(actor.mayGrant))) throw noSuchKey()
  return null
}

/** What verification decides from, as the database has it now. */
async function withRecord(c: Context<AppEnv>, row: ListedKey): Promise<Subject> {
  const record = await createKeyReader(c.env.db).read(row.digest)
  if (record === null) throw noSuchKey()
  return { row, record }
}

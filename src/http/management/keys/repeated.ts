// The answer to a repeated request that made a key. Tokens are random and shown once: a lost one is replaced, not repeated.
import type { Context } from 'hono'
import { propagate } from '../../../keys/change.ts'
import { newestSuccessor } from '../../../storage/newest-successor.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { keySettingsOf } from '../../routing/caller.ts'
import { noSuchKey } from './refusals.ts'

/** @throws Problem 409 that names the newest key of its rotations. */
export async function repeatedKey(c: Context<AppEnv>, made: string): Promise<never> {
  const newest = await newestSuccessor(c.env.db, c.var.actor.accountId, made)
  if (newest === null) throw noSuchKey()
  const remedy = newest.isRevoked
    ? 'It has been revoked since: create another.'
    : 'Its token is not shown again: rotate key_id for a new one.'
  throw new Problem('conflict', {
    detail: `This request was executed before and made a key. ${remedy}`,
    members: { key_id: newest.id },
  })
}

/** The first request may have failed before its change was in force: this one waits for it. */
export async function settleAgain(c: Context<AppEnv>, digest: string): Promise<void> {
  const of = { accountId: c.var.actor.accountId, digests: [digest] }
  await propagate(await c.env.changeStores(), await keySettingsOf(c), of)
}

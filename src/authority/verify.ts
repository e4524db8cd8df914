// The hot path: from a presented token to a verdict. With the lease running it touches no store.
import type { Config } from '../core/config.ts'
import { type RecognisedToken, recogniseToken } from '../core/foreign.ts'
import { digestOf, isGenuine } from '../core/token.ts'
import { decide, type Question, type Verdict } from '../core/verdict.ts'
import { StoreUnavailable } from '../storage/database.ts'
import { type LookUpSettings, type LookUpStores, lookUp, recall, type Tier } from './look-up.ts'

export type VerifySettings = LookUpSettings & {
  config: Pick<Config, 'formats' | 'foreign' | 'roles' | 'scopes'>
  tagKeys: readonly CryptoKey[]
}

export type VerifyOptions = {
  /** Ask the fence even while a lease runs. */
  fresh?: boolean
}

export type Verification = {
  verdict: Verdict
  tier: Tier | 'none'
  /** Why the answer is not known: for the log. */
  cause?: StoreUnavailable
}

/** Whether a token is good, now, for this. Never throws for what a client sends or a store fails at. */
export async function verify(
  stores: LookUpStores,
  settings: VerifySettings,
  token: string,
  question: Question,
  { fresh = false }: VerifyOptions = {},
): Promise<Verification> {
  const { config, tagKeys } = settings
  const recognised = recogniseToken(token, config)
  if (recognised === null) return invalid
  const digest = await digestOf(token)
  const remembered = fresh ? null : recall(stores, settings, digest)
  if (remembered !== null) {
    return { verdict: decide(remembered, question, settings.now(), config), tier: 'memory' }
  }
  if (!(await mayAskStores(recognised, tagKeys))) return invalid
  try {
    const { record, tier } = await lookUp(stores, settings, digest)
    if (record === null) return { verdict: { code: 'invalid_api_key' }, tier }
    return { verdict: decide(record, question, settings.now(), config), tier }
  } catch (error) {
    if (error instanceof StoreUnavailable) return { ...unavailable, cause: error }
    throw error
  }
}

/**
 * A forgery of our own formats ends here: no store hears of a token that this deployment never minted.
 * A foreign token cannot prove itself: whoever makes them up costs a fence, a KV and a D1 read each,
 * as long as `foreign` is configured. This is the place for a limit by address (issue 6): before the
 * stores, behind memory, and for foreign tokens alone.
 */
async function mayAskStores(
  recognised: RecognisedToken,
  tagKeys: readonly CryptoKey[],
): Promise<boolean> {
  return recognised.origin === 'foreign' || isGenuine(recognised, tagKeys)
}

const invalid: Verification = { verdict: { code: 'invalid_api_key' }, tier: 'none' }
const unavailable: Verification = { verdict: { code: 'authority_unavailable' }, tier: 'none' }

// The hot path: from a presented token to a verdict. With the lease running it touches no store.
import type { Config } from '../core/config.ts'
import { recogniseToken } from '../core/foreign.ts'
import { digestOf, isGenuine } from '../core/token.ts'
import { type AccessRequest, decide, type Verdict } from '../core/verdict.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'
import { type LookUpSettings, type LookUpStores, lookUp, recall, type Tier } from './look-up.ts'

export type VerifySettings = LookUpSettings & {
  config: Pick<Config, 'formats' | 'foreign' | 'roles' | 'scopes'>
  tagKeys: readonly CryptoKey[]
  /** Whether stores may be asked about one more token that cannot prove itself. */
  admitsUntagged(): Promise<boolean>
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

/**
 * Whether a token is good, now, for this. Never throws for what a client sends or a store fails at.
 *
 * No store hears of a forgery of our own formats. A foreign token cannot prove itself: whoever makes them
 * up would cost a fence, a KV and a D1 read each, and is held by a limit instead.
 */
export async function verify(
  stores: LookUpStores,
  settings: VerifySettings,
  token: string,
  question: AccessRequest,
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
  const isProved = recognised.origin === 'own'
  if (isProved && !(await isGenuine(recognised, tagKeys))) return invalid
  // What this isolate has met was found once: whoever floods cannot lock its holder out.
  const isKnown = stores.memory.get(digest) !== null
  if (!isProved && !isKnown && !(await settings.admitsUntagged())) return flood
  try {
    const { record, tier } = await lookUp(stores, settings, digest)
    if (record === null) return { verdict: { code: 'invalid_api_key' }, tier }
    return { verdict: decide(record, question, settings.now(), config), tier }
  } catch (error) {
    if (error instanceof StoreUnavailable) return { ...unavailable, cause: error }
    throw error
  }
}

const invalid: Verification = { verdict: { code: 'invalid_api_key' }, tier: 'none' }
const flood: Verification = { verdict: { code: 'flood' }, tier: 'none' }
const unavailable: Verification = { verdict: { code: 'authority_unavailable' }, tier: 'none' }

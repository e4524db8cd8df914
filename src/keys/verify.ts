// The hot path: from a presented token to a verdict. While the view runs, a key in memory costs no call.
import { recogniseToken } from '../core/foreign.ts'
import { digestOf, isGenuine } from '../core/token.ts'
import { type AccessRequest, decide, type Verdict, type VerdictConfig } from '../core/verdict.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'
import { type LookUpSettings, type LookUpStores, lookUp, recall, type Tier } from './look-up.ts'

export type VerifySettings = LookUpSettings & {
  config: VerdictConfig
  /** The HMAC keys for tags, which only a token that is not in memory needs. */
  tagKeys(): Promise<readonly CryptoKey[]>
  /** The flood limit: whether one more untagged token of this sender may be looked up. */
  admitsUntagged(): Promise<boolean>
}

export type VerifyOptions = {
  /** Asks the fence even while the view runs. */
  fresh?: boolean
}

export type Verification = {
  verdict: Verdict
  tier: Tier | 'none'
  /** Why the verdict is unavailable, for the log. */
  cause?: StoreUnavailable
}

/**
 * Verifies a token for a request. Malformed tokens and failing stores give a verdict; it does not throw.
 *
 * A forged token of an own format fails its tag check, before any I/O. A foreign token has no tag: each
 * forged one would cost a call of the fence, KV and D1, so unknown ones are subject to the flood limit.
 */
export async function verify(
  stores: LookUpStores,
  settings: VerifySettings,
  token: string,
  request: AccessRequest,
  { fresh = false }: VerifyOptions = {},
): Promise<Verification> {
  const { config } = settings
  const recognised = recogniseToken(token, config)
  if (recognised === null) return invalid
  const digest = await digestOf(token)
  const remembered = fresh ? null : recall(stores, settings, digest)
  if (remembered !== null) {
    return { verdict: decide(remembered, request, settings.now(), config), tier: 'memory' }
  }
  const isTagged = recognised.origin === 'own'
  if (isTagged && !(await isGenuine(recognised, await settings.tagKeys()))) return invalid
  // Digests in memory bypass the flood limit, so a flood cannot lock out the holders of known keys.
  const isKnown = stores.memory.get(digest) !== null
  if (!isTagged && !isKnown && !(await settings.admitsUntagged())) return flood
  try {
    const { record, tier } = await lookUp(stores, settings, digest, { fresh })
    if (record === null) return { verdict: { code: 'invalid_api_key' }, tier }
    return { verdict: decide(record, request, settings.now(), config), tier }
  } catch (error) {
    if (error instanceof StoreUnavailable) return { ...unavailable, cause: error }
    throw error
  }
}

const invalid: Verification = { verdict: { code: 'invalid_api_key' }, tier: 'none' }
const flood: Verification = { verdict: { code: 'flood' }, tier: 'none' }
const unavailable: Verification = { verdict: { code: 'authority_unavailable' }, tier: 'none' }

// A new token and the row of its key, as issuing and rotating store them.
import type { Caller } from '../core/audit.ts'
import type { Config } from '../core/config.ts'
import { environmentOf } from '../core/environment.ts'
import type { TokenFormats } from '../core/foreign.ts'
import { keyPrefix } from '../core/format.ts'
import { creditTerms } from '../core/limits.ts'
import { digestOf, mintToken, type RandomBytes } from '../core/token.ts'
import type { NewKey } from '../storage/key-changes.ts'
import type { KeyAttributes } from './attributes.ts'
import type { ChangeSettings } from './change.ts'
import { grantor } from './powers.ts'

export type KeySettings = ChangeSettings & {
  config: Pick<Config, 'formats' | 'foreign' | 'defaultFormat' | 'scopes' | 'roles'>
  /** Newest first; the first one tags new tokens. */
  tagKeys: readonly CryptoKey[]
  randomBytes: RandomBytes
  newId(): string
}

/** @throws Error when no format has that name: callers check names against the configuration. */
export async function mintKey(
  { config, tagKeys, randomBytes, newId, clock }: KeySettings,
  { actor }: Caller,
  formatName: string,
  attributes: KeyAttributes,
): Promise<{ token: string; key: NewKey }> {
  const format = config.formats[formatName]
  if (format === undefined) throw new Error(`No token format is named ${formatName}.`)
  const token = await mintToken(format, tagKeys, randomBytes)
  const nowMs = clock.now()
  const key: NewKey = {
    id: newId(),
    digest: await digestOf(token),
    accountId: actor.accountId,
    format: formatName,
    keyPrefix: keyPrefix(token, format),
    createdBy: actor.kind === 'person' ? actor.id : actor.createdBy,
    createdAt: nowMs,
    name: attributes.name,
    scopes: attributes.scopes,
    expiresAt: attributes.expiresAt,
    allowedIps: attributes.allowedIps,
    externalId: attributes.externalId,
    metadata: attributes.metadata,
    rateLimit: attributes.rateLimit,
    credits: attributes.credits && creditTerms(null, attributes.credits, nowMs),
    limitsBy: attributes.limitsBy,
    mayGrant: attributes.mayGrant,
    ...grantor(actor),
  }
  return { token, key }
}

/** The format in which tokens of an environment are minted, the default before the others; null: none has it. */
export function formatOf(
  environment: string,
  config: TokenFormats & { defaultFormat: string },
): string | null {
  const names = [config.defaultFormat, ...Object.keys(config.formats)]
  return names.find((name) => environmentOf(name, config) === environment) ?? null
}

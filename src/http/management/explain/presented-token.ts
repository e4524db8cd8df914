// What a token shows of itself before any store is asked, its shape and its tag, as `verify` reads them.
import { recogniseToken, type TokenFormats } from '../../../core/foreign.ts'
import { digestOf, isGenuine } from '../../../core/token.ts'

export type Presented = {
  /** null: the token has the form of none. */
  format: { name: string; origin: 'own' | 'foreign' } | null
  /** null: there is none to check. */
  hasTag: boolean | null
  /** null: no store is asked about such a token. */
  digest: string | null
}

export async function readPresented(
  token: string,
  { config, tagKeys }: { config: TokenFormats; tagKeys: readonly CryptoKey[] },
): Promise<Presented> {
  const recognised = recogniseToken(token, config)
  if (recognised === null) return { format: null, hasTag: null, digest: null }
  const { origin, formatName: name } = recognised
  const hasTag = origin === 'foreign' ? null : await isGenuine(recognised, tagKeys)
  const digest = hasTag === false ? null : await digestOf(token)
  return { format: { name, origin }, hasTag, digest }
}

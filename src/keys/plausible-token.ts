// Which tokens a stored key can have, without I/O.
import { recogniseToken, type TokenFormats } from '../core/foreign.ts'
import { isGenuine } from '../core/token.ts'

/** Whether it has the tag of an own format or the shape of a foreign one: only then is a store asked for its key. */
export async function isPlausible(
  token: string,
  { config, tagKeys }: { config: TokenFormats; tagKeys: readonly CryptoKey[] },
): Promise<boolean> {
  const recognised = recogniseToken(token, config)
  if (recognised === null) return false
  return recognised.origin === 'foreign' || isGenuine(recognised, tagKeys)
}

// The code and the token of a portal session: 256 random bits each (43 letters of base62), and a tag, so that a forged one costs
// no store.
import { type Format, parseToken } from './format.ts'
import { isGenuine } from './token.ts'

const shape = { alphabet: 'base62', length: 49, tagLength: 6 } as const

export const portalFormats = {
  code: { prefix: 'lkpc_', ...shape },
  session: { prefix: 'lkps_', ...shape },
} satisfies Record<string, Format>

/** Whether this deployment minted it, by its tag alone. */
export async function isPortalToken(
  kind: keyof typeof portalFormats,
  text: string,
  tagKeys: readonly CryptoKey[],
): Promise<boolean> {
  const shaped = parseToken(text, { [kind]: portalFormats[kind] })
  return shaped !== null && isGenuine(shaped, tagKeys)
}

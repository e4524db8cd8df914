// The tokens of mailed links: sealed in the outbox until the message is delivered.
import { seal, sealingKeys, unseal } from '../../core/sealing.ts'

const purpose = 'mail-tokens'

/** @param authSecrets AUTH_SECRETS, newest first */
export function mailKeys(authSecrets: readonly string[]): Promise<CryptoKey[]> {
  return sealingKeys(authSecrets, purpose)
}

/** A token for the row of this message alone. */
export function sealToken(keys: readonly CryptoKey[], token: string, mailId: string) {
  return seal(keys, token, mailId, (bytes) => crypto.getRandomValues(bytes))
}

/** @throws Error when none of the keys decrypts it for this message. */
export function unsealToken(keys: readonly CryptoKey[], sealed: string, mailId: string) {
  return unseal(keys, sealed, mailId)
}

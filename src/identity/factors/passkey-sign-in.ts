// Signing in by a passkey alone: it names its person, and has verified them.
import { spendAlone } from '../../storage/proof-store.ts'
import { within } from '../../storage/unavailable.ts'
import type { PeopleSettings } from '../settings.ts'
import { type Assertion, verifyAssertion } from './passkeys.ts'

const authTimeoutMs = 5_000

export type PasskeySignIn = {
  user: { id: string; name: string; email: string }
  cookies: string[]
}

/** null: not an answer to a challenge of ours by a passkey that we know. @throws StoreUnavailable */
export async function signInByPasskey(
  settings: PeopleSettings,
  response: Assertion,
  { headers, place }: { headers: Headers; place: string | null },
  nowMs: number,
): Promise<PasskeySignIn | null> {
  const verified = await verifyAssertion(settings, { what: 'sign-in' }, null, response, nowMs)
  if (verified === null || !(await spendAlone(settings.db, verified.spending))) return null
  const { anyClient, createAuth } = await import('../auth.ts')
  const auth = await createAuth(settings, { ...anyClient, place })
  return within('D1', authTimeoutMs, auth.startSession(headers, verified.userId))
}

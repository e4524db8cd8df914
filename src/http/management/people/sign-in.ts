// Who signs in, as far as a request says it before the password is checked (identity/guesses.ts counts the attempts).
import { z } from 'zod'
import { email } from '../../../identity/email.ts'
import { knownDevice } from '../../../identity/known-device.ts'
import type { PeopleSettings } from '../../../identity/settings.ts'
import { Problem } from '../../response/problem.ts'

const withEmail = z.object({ email })

export type SigningIn = { email: string; device: string | null }

/** The e-mail address, and the browser if it is known for it; null for a body without an e-mail address. */
export async function readSignIn(
  request: Request,
  settings: PeopleSettings,
): Promise<SigningIn | null> {
  const body: unknown = await request
    .clone()
    .json()
    .catch(() => null)
  const { data } = withEmail.safeParse(body)
  if (data === undefined) return null
  return { ...data, device: await knownDevice(request.headers, data.email, settings) }
}

export function tooMany(seconds: number): Problem {
  const headers = { 'retry-after': String(seconds) }
  return new Problem('rate_limited', { detail: 'Too many attempts.', headers })
}

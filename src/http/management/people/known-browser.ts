// After a sign-in, the browser is known by a cookie; the person is told of one that was not.
import type { Context } from 'hono'
import { deviceCookie } from '../../../identity/known-device.ts'
import { type SignedIn, warnOfSignIn } from '../../../identity/new-sign-in.ts'
import { log } from '../../../log.ts'
import type { AppEnv } from '../../app-env.ts'
import { actingOf } from '../../auth/acting.ts'

/** @param device the known browser (known-device.ts); null for any other. @returns a Set-Cookie */
export async function rememberBrowser(
  c: Context<AppEnv>,
  signedIn: SignedIn,
  device: string | null,
): Promise<string> {
  const { people } = c.env
  if (device === null && people.hasMail) {
    // A message that cannot be written does not undo the sign-in.
    await warnOfSignIn(people.db, signedIn, actingOf(c)).catch((cause) =>
      log('error', 'sign_in_not_told', { cause }),
    )
  }
  return deviceCookie(device ?? crypto.randomUUID(), signedIn.email, people)
}

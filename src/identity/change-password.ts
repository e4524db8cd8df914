// Changes the password of a session, in place of Better Auth's own endpoint, whose four writes are no transaction: one that
// verified the old password before a reset would replace the new one after it.
import { APIError } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { verifyPassword } from 'better-auth/crypto'
import type { Acting } from '../storage/factor-notice.ts'
import { changePassword } from '../storage/passwords.ts'
import { passwordHashOf } from '../storage/people-store.ts'
import { newOneTimeToken } from './one-time-token.ts'
import { hashPassword } from './password.ts'
import type { PeopleSettings } from './settings.ts'

/** As `inputs.ts` validates it. */
export type PasswordBody = { currentPassword: string; newPassword: string }

type Context = Parameters<typeof setSessionCookie>[0]
type SignedIn = Parameters<typeof setSessionCookie>[1]

/**
 * Answers POST /change-password: all other sessions end, and this one goes on under a new token.
 * @throws APIError with the codes of Better Auth.
 */
export async function answerPasswordChange(
  settings: PeopleSettings,
  ctx: Context,
  signedIn: SignedIn,
  { currentPassword, newPassword }: PasswordBody,
  acting: Acting,
) {
  const { session, user } = signedIn
  const verified = await passwordHashOf(settings.db, user.id)
  if (verified === null) throw refused('CREDENTIAL_ACCOUNT_NOT_FOUND')
  const isRight = await verifyPassword({ hash: verified, password: currentPassword })
  if (!isRight) throw refused('INVALID_PASSWORD')
  const { token } = await newOneTimeToken()
  const change = {
    ...{ ...acting, userId: user.id, verified, hash: await hashPassword(newPassword) },
    ...{
      kept: { id: session.id, newId: crypto.randomUUID(), token },
      hasMail: settings.hasMail,
    },
  }
  // Else another request replaced the password, and this session ended with it.
  if (!(await changePassword(settings.db, change))) throw new APIError('UNAUTHORIZED')
  // Better Auth may have set one already, of the old token, to extend the session.
  ctx.responseHeaders?.delete('set-cookie')
  await setSessionCookie(ctx, { session: { ...session, token }, user })
  const { id, name, email, emailVerified, image, createdAt, updatedAt } = user
  return { token, user: { id, name, email, emailVerified, image, createdAt, updatedAt } }
}

const messages = {
  CREDENTIAL_ACCOUNT_NOT_FOUND: 'You have no password yet',
  INVALID_PASSWORD: 'Invalid password',
}

function refused(code: keyof typeof messages): APIError {
  return new APIError('BAD_REQUEST', { code, message: messages[code] })
}

// The sign-in token for the command line: a JWT of this session, which says when the session last proved its user.
import { authGet } from '../api/better-auth.ts'
import { stepUp } from '../api/questions.ts'

/** Below the ten minutes of step-up, so that some are left for the command line. */
const freshSeconds = 5 * 60

/** null where the user does not prove that it is them. */
export async function signInToken(nowMs: number = Date.now()): Promise<string | null> {
  const token = await newToken()
  if (nowMs / 1_000 - provedAtOf(token) < freshSeconds) return token
  return (await stepUp.ask(nowMs)) ? newToken() : null
}

async function newToken(): Promise<string> {
  return (await authGet<{ token: string }>('token')).token
}

/** Seconds since 1970; 0 where it was never proved. */
function provedAtOf(jwt: string): number {
  const [, payload = ''] = jwt.split('.')
  const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
  const { auth_time } = JSON.parse(text) as { auth_time?: number }
  return auth_time ?? 0
}

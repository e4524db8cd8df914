// A person proves in the terminal who they are: e-mail and password, then the code of an app, or a recovery code.
import { CliError, exitCodes } from '../exit.ts'
import { choose, hidden, hiddenAsIs } from '../prompt.ts'
import { canAsk, say } from '../terminal.ts'
import { type AuthApi, type FactorKind, isWrong } from './auth-api.ts'

const attempts = 3

/** @throws CliError, LatchkeyError */
export async function signInWithPassword(api: AuthApi, email: string): Promise<void> {
  const awaited = await tried(async () =>
    api.signIn(email, await hiddenAsIs(`Password of ${email}`)),
  )
  if (awaited.length > 0) await completeSignIn(api, awaited)
}

async function completeSignIn(api: AuthApi, awaited: readonly FactorKind[]): Promise<void> {
  const labels = { totp: 'A code of your authenticator app', recovery_code: 'A recovery code' }
  const kinds = (['totp', 'recovery_code'] as const).filter((kind) => awaited.includes(kind))
  const [first] = kinds
  if (first === undefined) {
    throw new CliError(exitCodes.notSignedIn, `Your second factor is a passkey. ${useToken}`)
  }
  const options = kinds.map((value) => ({ value, label: labels[value] }))
  const kind = kinds.length === 1 ? first : await choose('Second factor', options)
  await tried(async () => {
    const given = (await hidden(labels[kind])).replace(/\s/g, '')
    await api.completeSignIn(kind === 'totp' ? { code: given } : { recovery_code: given })
  })
}

export const useToken =
  'A terminal cannot ask for it: press "Copy sign-in token" on your profile page, then latchkey login --token'

/** Asks again where it was wrong. */
export async function tried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let left = attempts - 1; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !isWrong(error)) throw error
      say(`${error.detail} Try again.`)
    }
  }
}

/**
 * Proves the person of a session again, by the strongest that they have; a JWT, where that is nothing for a terminal.
 * @throws CliError where nobody can be asked
 */
export async function proveAgain(api: AuthApi, profile: string): Promise<string | null> {
  requireTerminal()
  say('This needs a proof of the last ten minutes that it is you.')
  const method = await api.stepUpMethod()
  if (method === 'password') {
    await tried(async () => api.stepUp({ password: await hiddenAsIs('Your password') }))
    return null
  }
  if (method === 'totp') {
    await tried(async () => api.stepUp({ code: (await hidden('Code')).replace(/\s/g, '') }))
    return null
  }
  return pastedToken(profile)
}

/** @throws CliError */
export async function pastedToken(profile: string): Promise<string> {
  requireTerminal()
  say(`Open ${profile}, press "Copy sign-in token", and paste it here.`)
  return hidden('Sign-in token')
}

function requireTerminal(): void {
  if (canAsk()) return
  const message =
    'This needs a proof of the last ten minutes that it is you, and there is no terminal to ask in: run latchkey login, or set LATCHKEY_JWT to a new sign-in token, and repeat it.'
  throw new CliError(exitCodes.notSignedIn, message)
}

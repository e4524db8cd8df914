// What authorises requests: a managing key, the session of a person, or a JWT of theirs; and how it is renewed.
import { deploymentUrl } from '../../deployment-url.ts'
import { LatchkeyError } from '../../error.ts'
import { type PersonCredential, updatePerson } from '../credentials.ts'
import { CliError, exitCodes } from '../exit.ts'
import { canAsk, say } from '../terminal.ts'
import { type AuthApi, authApi } from './auth-api.ts'
import { pastedToken, proveAgain, signInWithPassword } from './sign-in.ts'

export type Credential = {
  kind: 'key' | 'person'
  /** For `Authorization: Bearer`. */
  token(): Promise<string>
  /** After a refusal: resolves with whether it is worth asking again. @throws CliError */
  renew(reason: 'step_up' | 'ended'): Promise<boolean>
  /** The session, where there is one. */
  api: AuthApi | null
}

export function keyCredential(key: string): Credential {
  return { kind: 'key', token: async () => key, renew: async () => false, api: null }
}

/** @param isStored whether a new proof is stored for the commands to come. */
export function personCredential(
  url: string,
  person: PersonCredential,
  isStored: boolean,
): Credential {
  return person.kind === 'jwt'
    ? jwtCredential(url, person.jwt, isStored)
    : sessionCredential(url, person, isStored)
}

function jwtCredential(url: string, first: string, isStored: boolean): Credential {
  let jwt = first
  return {
    kind: 'person',
    token: async () => jwt,
    api: null,
    async renew() {
      jwt = await pastedToken(profileOf(url))
      if (isStored) updatePerson(url, { kind: 'jwt', jwt })
      return true
    },
  }
}

function sessionCredential(
  url: string,
  { email, cookies }: Extract<PersonCredential, { kind: 'session' }>,
  isStored: boolean,
): Credential {
  const api = authApi(url, cookies)
  let jwt: string | null = null
  const keep = () => {
    if (isStored) updatePerson(url, { kind: 'session', email, cookies: api.cookies() })
  }
  const current = async () => {
    jwt = await api.jwt()
    keep()
    return jwt
  }
  return {
    kind: 'person',
    api,
    async token() {
      if (jwt !== null) return jwt
      return current().catch(async (error) => {
        if (!isEnded(error)) throw error
        await signInAgain(api, email)
        return current()
      })
    },
    async renew(reason) {
      if (reason === 'step_up') {
        jwt = await proveAgain(api, profileOf(url))
        if (jwt === null) await current()
        return true
      }
      // A JWT ends after 15 minutes, and its session goes on.
      jwt = null
      return true
    },
  }
}

/** @throws CliError without a terminal */
async function signInAgain(api: AuthApi, email: string): Promise<void> {
  if (!canAsk()) {
    throw new CliError(exitCodes.notSignedIn, 'The session has ended. Sign in: latchkey login')
  }
  say('The session has ended: sign in again.')
  await signInWithPassword(api, email)
}

function isEnded(error: unknown): boolean {
  return error instanceof LatchkeyError && error.httpStatus === 401
}

function profileOf(url: string): string {
  return deploymentUrl(url)('/profile').href
}

// Signing in with GitHub, Google or another OpenID provider, as the deployer configures it (docs/sign-in.md). Only a
// configuration that calls `signInWith` loads this at start.
import { fail } from './config-error.ts'

type Client<Bindings> = {
  /** Not a secret. */
  clientId: string
  /** From a secret of the Worker, such as `(env) => env.GITHUB_CLIENT_SECRET`. */
  clientSecret(env: Bindings): string
}

export type OidcInput<Bindings> = Client<Bindings> & {
  /** In the callback URL, and in `signed_in_with` as `oidc:ID`: lower case letters, digits and hyphens. */
  id: string
  /** On the button. */
  name: string
  /** Exactly as its discovery document spells it, such as `https://login.example.com`. */
  issuer: string
  /** Default: `openid email profile`. */
  scopes?: readonly string[]
}

export type SignInInput<Bindings> = {
  github?: Client<Bindings>
  google?: Client<Bindings>
  /** Any issuer with OpenID Connect Discovery. */
  oidc?: readonly OidcInput<Bindings>[]
}

/** A provider with its secret. */
export type SignInProvider = {
  id: string
  name: string
  /** GitHub speaks OAuth 2.0 without OpenID Connect. */
  protocol: 'oidc' | 'github'
  /** With the subject it is a person. */
  issuer: string
  clientId: string
  clientSecret: string
  scopes: readonly string[]
  /** In `signed_in_with` of a session. */
  signedInWith: string
  /** It can be asked to authenticate the person anew, and says when it did (`auth_time`). */
  provesAgain: boolean
}

export type SignIn<Bindings> = {
  /** @throws Error that names a secret which is not set */
  providers(env: Bindings): readonly SignInProvider[]
}

type Unsealed<Bindings> = Omit<SignInProvider, 'clientSecret'> & {
  clientSecret: Client<Bindings>['clientSecret']
}

/**
 * `signIn` of a configuration.
 * @throws Error at start, whose message names the invalid setting and the reason.
 * @example signIn: signInWith({ github: { clientId: 'Ov23li', clientSecret: (env) => env.GITHUB_CLIENT_SECRET } })
 */
export function signInWith<Bindings>(input: SignInInput<Bindings>): SignIn<Bindings> {
  refuseUnknown('signIn', input, ['github', 'google', 'oidc'])
  const providers = [
    ...(input.github ? [github(input.github)] : []),
    ...(input.google ? [google(input.google)] : []),
    ...(input.oidc ?? []).map(other),
  ]
  if (providers.length === 0) fail('signIn names no provider: leave it out')
  refuseTwice('id', providers)
  refuseTwice('issuer', providers)
  return {
    providers: (env) =>
      providers.map(({ clientSecret, ...provider }) => {
        const secret = clientSecret(env)
        if (typeof secret !== 'string' || secret === '') {
          fail(`signIn: the client secret of "${provider.id}" is not set: wrangler secret put it`)
        }
        return { ...provider, clientSecret: secret }
      }),
  }
}

function github<Bindings>(given: Client<Bindings>): Unsealed<Bindings> {
  return {
    ...clientOf('signIn.github', given, []),
    ...{ id: 'github', name: 'GitHub', protocol: 'github', signedInWith: 'github' },
    issuer: 'https://github.com/login/oauth',
    scopes: ['read:user', 'user:email'],
    provesAgain: false,
  }
}

function google<Bindings>(given: Client<Bindings>): Unsealed<Bindings> {
  return {
    ...clientOf('signIn.google', given, []),
    ...{ id: 'google', name: 'Google', protocol: 'oidc', signedInWith: 'google' },
    issuer: 'https://accounts.google.com',
    scopes: openid,
    // It refuses `prompt=login`, and sends no `auth_time`.
    provesAgain: false,
  }
}

const openid = ['openid', 'email', 'profile']
const ofOidc = ['id', 'name', 'issuer', 'scopes']
const maxNameLength = 40

function other<Bindings>(given: OidcInput<Bindings>, index: number): Unsealed<Bindings> {
  const setting = `signIn.oidc[${index}]`
  const { id, name, issuer, scopes = openid } = given
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,32}$/.test(id)) {
    fail(`${setting}.id is "${id}": write 1 to 32 lower case letters, digits and hyphens`)
  }
  if (typeof name !== 'string' || name.trim() === '' || name.length > maxNameLength) {
    fail(`${setting}.name is "${name}": it is on a button, in 1 to ${maxNameLength} characters`)
  }
  checkIssuer(`${setting}.issuer`, issuer)
  if (!Array.isArray(scopes) || !scopes.every((each) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(each))) {
    fail(`${setting}.scopes is not a list of scopes (RFC 6749 3.3)`)
  }
  if (!scopes.includes('openid')) fail(`${setting}.scopes leaves out "openid"`)
  return {
    ...clientOf(setting, given, ofOidc),
    ...{ id, name: name.trim(), issuer, scopes },
    ...{ protocol: 'oidc', signedInWith: `oidc:${id}`, provesAgain: true },
  }
}

function checkIssuer(setting: string, issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : null
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  // Who could answer in its place could sign in as anybody.
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (!isSafe) fail(`${setting} is "${issuer}": write a URL with https`)
  if (/[?#]/.test(issuer) || url?.username) {
    fail(`${setting} is "${issuer}": it has no query, fragment or credentials`)
  }
}

function clientOf<Bindings>(
  setting: string,
  given: Client<Bindings>,
  more: string[],
): Client<Bindings> {
  refuseUnknown(setting, given, ['clientId', 'clientSecret', ...more])
  const { clientId, clientSecret } = given
  if (typeof clientId !== 'string' || clientId.trim() === '') fail(`${setting}.clientId is empty`)
  if (typeof clientSecret !== 'function') {
    fail(
      `${setting}.clientSecret is no function: a secret stays out of this file, as in (env) => env.CLIENT_SECRET`,
    )
  }
  return { clientId, clientSecret }
}

function refuseUnknown(setting: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) fail(`${setting}.${unknown}: there is no such setting`)
}

function refuseTwice(
  field: 'id' | 'issuer',
  providers: readonly { id: string; issuer: string }[],
): void {
  const values = providers.map((each) => each[field])
  const twice = values.find((value, index) => values.indexOf(value) !== index)
  if (twice !== undefined) fail(`signIn has the ${field} "${twice}" twice`)
}

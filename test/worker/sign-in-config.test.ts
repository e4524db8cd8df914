// `signIn` of the configuration: an invalid setting stops the Worker at startup with a message that names it.
import { describe, expect, it } from 'vitest'
import { type SignInInput, signInWith } from '../../src/core/sign-in.ts'

const client = { clientId: 'latchkey', clientSecret: () => 'secret' }
const acme = { id: 'acme', name: 'Acme', issuer: 'https://login.acme.example', ...client }
const withAcme = (changes: object) => ({ oidc: [{ ...acme, ...changes }] })

/** The mistake, and the words that its message must contain. */
const mistakes: [string, object, RegExp][] = [
  ['no provider', {}, /signIn names no provider/],
  ['an unknown provider', { gitlab: client }, /signIn\.gitlab: there is no such setting/],
  ['an unknown setting', withAcme({ discovery: 'x' }), /signIn\.oidc\[0\]\.discovery/],
  ['no client id', { github: { ...client, clientId: '' } }, /signIn\.github\.clientId is empty/],
  [
    'a secret in the file',
    { google: { ...client, clientSecret: 'GOCSPX-secret' } },
    /signIn\.google\.clientSecret is no function: a secret stays out of this file/,
  ],
  ['an id with a slash', withAcme({ id: 'a/b' }), /signIn\.oidc\[0\]\.id is "a\/b"/],
  ['no name', withAcme({ name: ' ' }), /signIn\.oidc\[0\]\.name/],
  ['an issuer that is no URL', withAcme({ issuer: 'acme' }), /issuer is "acme": write a URL/],
  ['an issuer on plain http', withAcme({ issuer: 'http://login.acme.example' }), /with https/],
  ['an issuer with a query', withAcme({ issuer: `${acme.issuer}?a=b` }), /no query/],
  ['an issuer with a password', withAcme({ issuer: 'https://a:b@acme.example' }), /credentials/],
  [
    'a scope with a space',
    withAcme({ scopes: ['openid email'] }),
    /scopes is not a list of scopes/,
  ],
  ['scopes without openid', withAcme({ scopes: ['email'] }), /scopes leaves out "openid"/],
  ['an id twice', { oidc: [acme, { ...acme, issuer: 'https://b.example' }] }, /id "acme" twice/],
  ['the id of another provider', { github: client, oidc: [{ ...acme, id: 'github' }] }, /twice/],
  [
    'an issuer twice',
    { google: client, oidc: [{ ...acme, issuer: 'https://accounts.google.com' }] },
    /issuer "https:\/\/accounts\.google\.com" twice/,
  ],
]

describe('signInWith', () => {
  it.each(mistakes)('refuses %s', (_, input, message) => {
    expect(() => signInWith(input as SignInInput<unknown>)).toThrow(message)
    expect(() => signInWith(input as SignInInput<unknown>)).toThrow(/^latchkey\.config\.ts: .*\.$/)
  })

  it('never repeats a secret that is in the file', () => {
    const github = { clientId: 'x', clientSecret: 'the secret' } as never
    expect(() => signInWith({ github })).toThrow(/^(?!.*the secret)/)
  })

  it('names a secret that is not set, when the Worker starts', () => {
    const clientSecret = (env: { SECRET?: string }) => env.SECRET as string
    const signIn = signInWith({ github: { clientId: 'x', clientSecret } })
    expect(() => signIn.providers({})).toThrow(/the client secret of "github" is not set/)
    expect(signIn.providers({ SECRET: 's' })).toMatchObject([{ clientSecret: 's' }])
  })

  it('takes GitHub, Google, other issuers, and one on loopback', () => {
    const local = { ...acme, id: 'local', issuer: 'http://localhost:9000' }
    const signIn = signInWith({ github: client, google: client, oidc: [acme, local] })
    const ids = signIn.providers({}).map(({ id, signedInWith }) => [id, signedInWith])
    expect(ids).toEqual([
      ['github', 'github'],
      ['google', 'google'],
      ['acme', 'oidc:acme'],
      ['local', 'oidc:local'],
    ])
  })
})

// latchkey login: with a managing key, or as a person.
import type { ArgsDef } from 'citty'
import { command } from './command.ts'
import { connectionOf, normalUrl } from './connection.ts'
import { credentialsPath, currentDeployment, store, storedFor } from './credentials.ts'
import { usageError } from './exit.ts'
import { choose, hidden, line, standardInput } from './prompt.ts'
import { authApi } from './session/auth-api.ts'
import { keyCredential, personCredential } from './session/credential.ts'
import { signInWithPassword } from './session/sign-in.ts'
import { canAsk, say } from './terminal.ts'

const args = {
  url: { type: 'string', valueHint: 'address', description: 'The deployment (LATCHKEY_URL)' },
  account: { type: 'string', valueHint: 'id', description: 'The account to act in from now on' },
  email: { type: 'string', description: 'Sign in as the person with this e-mail address' },
  key: { type: 'boolean', description: 'With a key that holds keys:manage or platform:manage' },
  'key-stdin': { type: 'boolean', description: 'The same; the key comes from standard input' },
  token: {
    type: 'boolean',
    description:
      'With the sign-in token that the profile page copies: ten minutes, for who has a passkey or signs in with a provider',
  },
  'token-stdin': { type: 'boolean', description: 'The same, from standard input' },
} as const satisfies ArgsDef

export default command({
  args,
  async run(given) {
    const url = await askUrl(given.url)
    warnIfOpen(url)
    const account = given.account
    if (given['key-stdin']) return withKey(url, account, await standardInput())
    if (given['token-stdin']) return withToken(url, account, await standardInput())
    if (!canAsk()) {
      throw usageError(
        'Without a terminal: --key-stdin or --token-stdin, or LATCHKEY_KEY or LATCHKEY_JWT.',
      )
    }
    switch (await kindOf(given)) {
      case 'key':
        return withKey(url, account, await hidden('Key'))
      case 'token':
        return withToken(url, account, await hidden('Sign-in token'))
      case 'person':
        return withPassword(url, account, given.email ?? (await line('E-mail address')))
    }
  },
})

async function askUrl(given: string | undefined): Promise<string> {
  const named = given ?? (process.env.LATCHKEY_URL || undefined)
  if (named !== undefined) return normalUrl(named)
  const current = currentDeployment() ?? undefined
  if (!canAsk()) {
    if (current !== undefined) return current
    throw usageError('Which deployment? --url or LATCHKEY_URL.')
  }
  return normalUrl(await line('Address of the deployment', current))
}

type Kind = 'key' | 'token' | 'person'
type Asked = {
  key?: boolean | undefined
  token?: boolean | undefined
  email?: string | undefined
}

async function kindOf({ key, token, email }: Asked): Promise<Kind> {
  if (key) return 'key'
  if (token) return 'token'
  if (email !== undefined) return 'person'
  return choose('Sign in', [
    { value: 'person', label: 'as a person, by e-mail and password' },
    { value: 'token', label: 'as a person, with a sign-in token of the profile page' },
    { value: 'key', label: 'with a managing key' },
  ])
}

async function withKey(url: string, account: string | undefined, key: string): Promise<void> {
  if (key === '') throw usageError('There is no key.')
  const connection = connectionOf(url, account, keyCredential(key))
  // Whether it manages keys here, in that account.
  await connection.client.list({ limit: 1 })
  store(url, { ...storedFor(url), key: { kind: 'key', key, account }, last: 'key' })
  signedIn(url, 'with a key')
}

async function withToken(url: string, account: string | undefined, jwt: string): Promise<void> {
  const person = { kind: 'jwt', jwt, account } as const
  await connectionOf(url, account, personCredential(url, person, false)).request(
    'GET',
    '/api/account',
  )
  store(url, { ...storedFor(url), person, last: 'person' })
  signedIn(url, 'until the token ends, in less than 15 minutes')
}

async function withPassword(url: string, wanted: string | undefined, email: string): Promise<void> {
  const api = authApi(url)
  await signInWithPassword(api, email)
  const accounts = await api.accounts()
  const account = wanted ?? (await chosen(accounts))
  const person = { kind: 'session', email, cookies: api.cookies(), account } as const
  store(url, { ...storedFor(url), person, last: 'person' })
  const name = accounts.find(({ id }) => id === account)?.name
  signedIn(url, `as ${email}${name === undefined ? '' : ` in ${name}`}`)
}

async function chosen(accounts: { id: string; name: string }[]): Promise<string | undefined> {
  if (accounts.length < 2) return accounts[0]?.id
  return choose(
    'Account',
    accounts.map(({ id, name }) => ({ value: id, label: `${name} (${id})` })),
  )
}

function signedIn(url: string, how: string): void {
  say(`Signed in to ${url} ${how}. Kept in ${credentialsPath()}.`)
}

/** On the machine itself, nobody is on the way. */
export function isOpenConnection(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  const isLocal =
    /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) || hostname.endsWith('.localhost')
  return protocol === 'http:' && !isLocal
}

function warnIfOpen(url: string): void {
  if (isOpenConnection(url))
    say(`Warning: ${url} is not https. Everybody on the way can read the credential.`)
}

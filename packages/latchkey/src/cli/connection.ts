// The deployment that a command acts on, and as whom.
import type { Client } from '../client.ts'
import { createClient } from '../create-client.ts'
import { deploymentUrl } from '../deployment-url.ts'
import { ownFailure } from '../error.ts'
import { searchOf } from '../pages.ts'
import { type Call, createTransport, type Transport } from '../transport.ts'
import { currentDeployment, storedFor } from './credentials.ts'
import { CliError, exitCodes, originOf, usageError } from './exit.ts'
import { authorisedFetch } from './session/authorised-fetch.ts'
import { type Credential, keyCredential, personCredential } from './session/credential.ts'

export type Connection = {
  url: string
  account: string | undefined
  credential: Credential
  client: Client
  /** A call that the client has no method for. */
  request: Transport
  /** A response as it comes, for what is streamed. Refusals are responses too. @throws LatchkeyError, CliError */
  open(path: string): Promise<Response>
}

type ConnectionArgs = { url?: string | undefined; account?: string | undefined }
type Needs = {
  /** For what only people may do. */
  person?: boolean
}

/** @throws CliError where no deployment is named, or nobody is signed in to it */
export function connect(args: ConnectionArgs, needs: Needs = {}): Connection {
  const url = deploymentOf(args)
  const { credential, account } = credentialOf(args, url, needs)
  const named = args.account ?? (process.env.LATCHKEY_ACCOUNT || undefined)
  return connectionOf(url, named ?? account, credential)
}

export function connectionOf(
  url: string,
  account: string | undefined,
  credential: Credential,
): Connection {
  const fetch = authorisedFetch(credential)
  const options = { url, key: 'in authorisedFetch', account, fetch }
  const transport = createTransport(options)
  const urlOf = deploymentUrl(url)
  const headers: Record<string, string> =
    account === undefined ? {} : { 'latchkey-account': account }
  return {
    ...{ url, account, credential },
    client: createClient(options),
    request: (method: string, path: string, call?: Call) =>
      transport(method, path, { ...call, account }),
    open: (path) =>
      fetch(urlOf(path), { headers, redirect: 'manual' }).catch((cause: unknown) => {
        throw originOf(ownFailure('unreachable', `${url} cannot be reached.`, cause))
      }),
  }
}

/** The address without a slash at its end, as credentials are stored under it. @throws CliError */
export function deploymentOf(args: ConnectionArgs): string {
  const given = args.url ?? (process.env.LATCHKEY_URL || undefined)
  const url = given ?? currentDeployment()
  if (url === null) {
    throw usageError('Which deployment? Sign in with latchkey login, or set LATCHKEY_URL or --url.')
  }
  return normalUrl(url)
}

/** @throws CliError */
export function normalUrl(text: string): string {
  const url = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`
  try {
    return deploymentUrl(url)('').href.replace(/\/$/, '')
  } catch {
    throw usageError(
      'The address of a deployment is an http(s) URL without a user, a query or a fragment.',
    )
  }
}

type Chosen = { credential: Credential; account?: string | undefined }

/** The environment first. @throws CliError */
function credentialOf(args: ConnectionArgs, url: string, { person: needsPerson }: Needs): Chosen {
  const environment = environmentCredential(url, needsPerson)
  if (environment !== null) {
    // It would be sent to whichever deployment was signed in to last.
    if (args.url === undefined && !process.env.LATCHKEY_URL) {
      throw usageError('LATCHKEY_KEY and LATCHKEY_JWT go with LATCHKEY_URL, or --url.')
    }
    return { credential: environment }
  }
  const { key, person, last } = storedFor(url)
  const useKey = key !== undefined && !needsPerson && (last === 'key' || person === undefined)
  if (useKey) return { credential: keyCredential(key.key), account: key.account }
  if (person !== undefined) {
    return { credential: personCredential(url, person, true), account: person.account }
  }
  const hasKey = key !== undefined || Boolean(process.env.LATCHKEY_KEY)
  throw new CliError(exitCodes.notSignedIn, whyNobody(url, hasKey))
}

function environmentCredential(url: string, needsPerson = false): Credential | null {
  const { LATCHKEY_KEY: key, LATCHKEY_JWT: jwt } = process.env
  if (key && !needsPerson) return keyCredential(key)
  return jwt ? personCredential(url, { kind: 'jwt', jwt }, false) : null
}

function whyNobody(url: string, hasKey: boolean): string {
  return hasKey
    ? 'A key cannot do this, only a person: latchkey login, or LATCHKEY_JWT with a sign-in token of the profile page.'
    : `Nobody is signed in to ${url}: latchkey login, or set LATCHKEY_KEY or LATCHKEY_JWT.`
}

/** A GET of the API in the account of the connection, whose answer is the parsed body. @throws LatchkeyError, CliError */
export function authorisedGet(
  connection: Connection,
): (path: string, query?: Record<string, string>) => Promise<unknown> {
  return (path, query = {}) => connection.request('GET', path + searchOf(query))
}

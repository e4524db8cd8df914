// How a server verifies a key: over a service binding or over HTTP. Without a valid answer in time the verdict is
// unknown; a request that Latchkey refuses because of this server is this server's failure, never the client's.
import type {
  BindingVerifyRequest,
  VerifiedKey,
  VerifyAnswer,
  VerifyRequest,
} from '../../../src/contract/verify.ts'
import { deploymentUrl } from './deployment-url.ts'
import { notConnected } from './not-connected.ts'
import { isVerdictCode, type Refusal } from './refusal.ts'

/**
 * A service binding to Latchkey, for the `Bindings` of an app.
 * @example
 * ```ts
 * const app = new Hono<{ Bindings: { LATCHKEY: LatchkeyBinding } }>()
 * ```
 */
export type LatchkeyBinding = {
  verify(request: BindingVerifyRequest): PromiseLike<VerifyAnswer>
}

/** `key: undefined` or `url: undefined`, an environment variable that is not set, is a TypeError. */
export type HttpOptions<Request> = {
  /** Address of the deployment, such as `https://keys.example.com` or `https://example.com/latchkey`. */
  url: string | undefined
  /** A key of the app itself with the scope `keys:verify`, or `platform:verify` with `accountId`. */
  key: string | undefined | ((request: Request) => string)
  /** With a key that holds `platform:verify`: the id of the account whose keys pass, or `*` for those of all accounts. */
  accountId?: string
  /** The global `fetch` by default. */
  fetch?: typeof fetch
  binding?: never
}

/** A key, or why there is none; `error` is what the client is not told. */
export type Verified = { key: VerifiedKey } | { key?: never; refusal: Refusal; error?: Error }

/** `cf` is that of the request, which selects the nearest fence. */
export type Verify<Request> = (
  asked: VerifyRequest,
  request: Request,
  signal: AbortSignal,
  cf: unknown,
) => Promise<Verified>

export function overBinding<Request>(
  bindingOf: (request: Request) => LatchkeyBinding,
): Verify<Request> {
  return async function verify(asked, request, _signal, cf) {
    const { latitude, longitude } = (cf ?? {}) as Record<string, unknown>
    const binding = bindingOf(request)
    try {
      return read(await binding.verify({ ...asked, cf: { latitude, longitude } }))
    } catch (cause) {
      // Latchkey throws a TypeError for a malformed request; any other error means that it did not answer.
      if (cause instanceof TypeError) throw cause
      return unavailable(failure(cause))
    }
  }
}

/** @throws TypeError for an invalid `url` (see `deploymentUrl`), or an empty `key`. */
export function overHttp<Request>({
  url,
  key,
  accountId,
  fetch: send = fetch,
}: HttpOptions<Request>): Verify<Request> {
  const target = deploymentUrl(url)('/api/v1/keys/verify')
  if (!key) throw new TypeError('latchkey: key is missing.')
  return async function verify(asked, request, signal) {
    const headers = {
      'content-type': 'application/json',
      'x-api-key': valueFor(key, request),
    }
    const body = JSON.stringify({ ...asked, account_id: accountId })
    // A redirect is not followed: it would carry the app's key elsewhere.
    const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const
    const response = await send(target, init).catch(failure)
    if (response instanceof Error) return unavailable(response)
    const { status } = response
    const answer = (await response.json().catch(() => null)) as Answer
    if (status === 200) return read(answer?.data)
    const error = failure(answer?.detail, `status ${status} for this server`)
    // This server's own mistake: any 4xx but 408, and 429, which limits this server and not its client.
    if (/^4(?!08|29)/.test(`${status}`)) throw error
    return unavailable(error, response.headers.get('retry-after'))
  }
}

/** An option that may depend on the request. */
export function valueFor<Request, Value>(
  option: Value | ((request: Request) => Value),
  request: Request,
): Value {
  return typeof option === 'function' ? (option as (request: Request) => Value)(request) : option
}

type Answer = { data?: unknown; detail?: string } | null

export function failure(cause: unknown, what = 'no answer'): Error {
  return new Error(`latchkey: ${what}: ${cause}`, { cause })
}

export function unavailable(error: Error, retryAfter?: string | null): Verified {
  return {
    refusal: { code: 'authority_unavailable', retryAfter, detail: notConnected(error) },
    error,
  }
}

/** Of records or text: nothing that reading a field of an item could throw for. */
function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.every(Boolean)
}

type Unread = Partial<Record<keyof VerifiedKey | keyof Refusal, unknown>> & {
  key?: { id?: unknown }
  account?: { id?: unknown }
}

/** Fails closed: an answer that this version cannot read never lets a request pass. */
function read(answer: unknown): Verified {
  const {
    valid,
    code,
    key,
    account,
    scopes,
    resources,
    rate_limit,
    missing_scopes,
    missing_any_of,
  } = (answer ?? {}) as Unread
  if (isList(rate_limit ?? [])) {
    const isKey = code === 'valid' && key?.id && account?.id && isList(scopes) && isList(resources)
    if (valid === true && isKey) return { key: answer as VerifiedKey }
    const isWhole =
      code !== 'insufficient_scope' || (isList(missing_scopes) && isList(missing_any_of))
    if (valid === false && isWhole && isVerdictCode(code)) return { refusal: answer as Refusal }
  }
  return unavailable(failure('its answer cannot be read'))
}

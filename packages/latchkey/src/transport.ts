// One call of the management API: its timeout, its retries, and the error of a failure.
import { deploymentUrl } from './deployment-url.ts'
import { errorOf, LatchkeyError } from './error.ts'

/**
 * How a client reaches a deployment.
 * @example
 * ```ts
 * const options: ClientOptions = { url: 'https://keys.example.com', key: 'whm_…', timeoutMs: 10_000 }
 * ```
 */
export type ClientOptions = {
  /** Address of the deployment, such as `https://keys.example.com` or `https://example.com/latchkey`. */
  url: string
  /** A key with the scope `keys:manage` (or `keys:verify`, to verify and introspect), or the JWT of a person. */
  key: string
  /**
   * The id of the account whose keys, scopes and audit events the client manages (`Latchkey-Account`): needed with a key that
   * holds `platform:manage`, and for a person of several accounts. `verify`, `introspect` and `accounts` do not depend on it.
   */
  account?: string | undefined
  /** The global `fetch` by default. */
  fetch?: typeof fetch
  /** Milliseconds of one attempt; 75,000 by default, since a change is answered once it is in force everywhere. */
  timeoutMs?: number
  /** Retries of a GET, a DELETE, a `lookup`, an `explain` or a call with an `idempotencyKey`; 2 by default. No other call is retried. */
  retries?: number
  /** Waits `ms` milliseconds between two attempts; `setTimeout` by default. */
  sleep?: (ms: number) => Promise<void>
}

/**
 * Options of one call.
 * @example
 * ```ts
 * const { effective_at } = await client.revoke(id, { respondAsync: true })
 * ```
 */
export type CallOptions = {
  /** Aborts the call; it then throws the reason of the signal. */
  signal?: AbortSignal | undefined
  /** Answers a change at once, with `effective_at`, instead of once it is in force. */
  respondAsync?: boolean | undefined
}

/**
 * A value of `Idempotency-Key`: the call is executed once in 24 hours, and so is retried.
 * @example
 * ```ts
 * const options: IdempotencyOptions = { idempotencyKey: crypto.randomUUID() }
 * ```
 */
export type IdempotencyOptions = { idempotencyKey?: string | undefined }

type Call = CallOptions & {
  json?: unknown
  form?: Record<string, string>
  /** The server executes repeated calls with one key once: the call may be retried. */
  idempotencyKey?: string | undefined
  /** A POST without an effect. */
  onlyReads?: boolean
  /** The account in which the call acts. */
  account?: string | undefined
}

export type Transport = (method: string, path: string, call?: Call) => Promise<unknown>

const maxDelayMs = 30_000

/** @throws TypeError for an invalid `url` (see `deploymentUrl`), or an empty `key`. */
export function createTransport(options: ClientOptions): Transport {
  const { retries = 2, sleep = wait } = options
  const urlOf = deploymentUrl(options.url, 'latchkey/client')
  if (!options.key) throw new TypeError('latchkey/client: key is missing.')
  // Without an account the call would act in another than the caller means.
  if (options.account === '') throw new TypeError('latchkey/client: account is empty.')

  return async function request(method, path, call = {}) {
    // A POST or PATCH may have taken place though its answer was lost: only the caller can decide to repeat it.
    const isRepeatable =
      method === 'GET' ||
      method === 'DELETE' ||
      call.onlyReads === true ||
      call.idempotencyKey !== undefined
    const attempts = isRepeatable ? retries + 1 : 1
    const url = urlOf(path)
    for (let attempt = 1; ; attempt++) {
      try {
        return await sendOnce(options, url, requestInit(method, options.key, call), call)
      } catch (error) {
        const delayMs = retryDelayMs(attempt, error)
        if (attempt >= attempts || delayMs === null || call.signal?.aborted) throw error
        await sleep(delayMs)
      }
    }
  }
}

/** The body of a success. @throws LatchkeyError, or the reason of `signal`. */
async function sendOnce(
  { fetch: send = fetch, timeoutMs = 75_000 }: ClientOptions,
  url: URL,
  init: RequestInit,
  { signal }: CallOptions,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout
  let response: Response
  let text: string
  try {
    response = await send(url, { ...init, signal: either })
    text = await response.text()
  } catch (cause) {
    signal?.throwIfAborted()
    const failure = timeout.aborted
      ? { code: 'timed_out', detail: `No answer in ${timeoutMs} ms.` }
      : { code: 'unreachable', detail: `${url.origin} cannot be reached.` }
    throw new LatchkeyError({ ...failure, status: 0, cause })
  }
  const body = parseJson(text)
  if (!response.ok || typeof body !== 'object' || body === null) throw errorOf(response, body)
  return body
}

function requestInit(method: string, key: string, call: Call): RequestInit {
  const { json, form, respondAsync, idempotencyKey, account } = call
  const headers = new Headers({ authorization: `Bearer ${key}`, accept: 'application/json' })
  if (respondAsync) headers.set('prefer', 'respond-async')
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  if (account !== undefined) headers.set('latchkey-account', account)
  // A redirect is not followed: it would carry the key elsewhere.
  const init: RequestInit = { method, headers, redirect: 'manual' }
  if (form !== undefined) return { ...init, body: new URLSearchParams(form) }
  if (json === undefined) return init
  headers.set('content-type', 'application/json')
  return { ...init, body: JSON.stringify(json) }
}

/** Milliseconds until the next attempt; null where a retry is pointless or too far away. */
function retryDelayMs(attempt: number, error: unknown): number | null {
  if (!(error instanceof LatchkeyError)) return null
  const { status, retryAfterSeconds } = error
  if (![0, 408, 429, 502, 503, 504].includes(status)) return null
  // Half of the delay is random, so that clients that failed together do not return together.
  const backOffMs = 250 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
  const delayMs = Math.max(backOffMs, (retryAfterSeconds ?? 0) * 1000)
  return delayMs <= maxDelayMs ? delayMs : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

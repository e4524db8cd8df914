// One call of the management API: its timeout, its retries, and the error of a failure.
import { deploymentUrl } from './deployment-url.ts'
import { errorOf, LatchkeyError, ownFailure } from './error.ts'

/**
 * How a client reaches a deployment.
 * @example
 * ```ts
 * const options: ClientOptions = { url: 'https://keys.example.com', key: 'whm_…', timeoutMs: 10_000 }
 * ```
 */
export type ClientOptions = {
  /** Address of the deployment, such as `https://keys.example.com` or `https://example.com/latchkey`. */
  url: string | undefined
  /** A key with the scope `keys:manage` (or `keys:verify`, to verify and introspect), or the JWT of a person. */
  key: string | undefined
  /**
   * The id of the account whose keys, scopes and audit events the client manages (`Latchkey-Account`): needed with a key that
   * holds `platform:manage`, and for a person of several accounts. `verify`, `introspect` and `accounts` do not depend on it.
   */
  account?: string | undefined
  /** The global `fetch` by default. */
  fetch?: typeof fetch
  /** Milliseconds of one attempt; 75,000 by default, since a change is answered once it is in force everywhere. */
  timeoutMs?: number
  /**
   * Retries of what is safe to repeat, 2 by default: a GET, a DELETE, a `lookup`, an `explain`, and what makes or spends something,
   * which has an `Idempotency-Key`. No other call is retried.
   */
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
 * A value of `Idempotency-Key`: the call is executed once in 24 hours, by however many processes. Each call without one draws its own,
 * under which its retries are executed once.
 * @example
 * ```ts
 * const options: IdempotencyOptions = { idempotencyKey: crypto.randomUUID() }
 * ```
 */
export type IdempotencyOptions = { idempotencyKey?: string | undefined }

export type Call = CallOptions & {
  json?: unknown
  form?: Record<string, string>
  /** The server executes repeated calls with one key once: the call may be retried. */
  idempotencyKey?: string | undefined
  /** Makes or spends something: draws an `idempotencyKey` where there is none. */
  isOnce?: boolean
  onAttempt?: () => void
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
  const urlOf = deploymentUrl(options.url)
  const { key } = options
  if (!key) throw new TypeError('latchkey: key is missing.')
  // Without an account the call would act in another than the caller means.
  if (options.account === '') throw new TypeError('latchkey: account is empty.')

  return async function request(method, path, given = {}) {
    const drawn = given.isOnce === true ? crypto.randomUUID() : undefined
    const call = { ...given, idempotencyKey: given.idempotencyKey ?? drawn }
    // A POST or PATCH may have taken place though its answer was lost: only the caller can decide to repeat it.
    const isRepeatable =
      method === 'GET' ||
      method === 'DELETE' ||
      call.onlyReads === true ||
      call.idempotencyKey !== undefined
    const attempts = isRepeatable ? retries + 1 : 1
    const url = urlOf(path)
    for (let attempt = 1; ; attempt++) {
      call.onAttempt?.()
      try {
        return await sendOnce(options, url, requestInit(method, key, call), call)
      } catch (error) {
        const delayMs = retryDelayMs(attempt, error)
        if (attempt >= attempts || delayMs === null || call.signal?.aborted) throw error
        await untilAborted(sleep(delayMs), call.signal)
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
    throw timeout.aborted
      ? ownFailure('timed_out', `No answer in ${timeoutMs} ms.`, cause)
      : ownFailure('unreachable', `${url.origin} cannot be reached.`, cause)
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
  const { httpStatus, retryAfterSeconds } = error
  if (![0, 408, 429, 502, 503, 504].includes(httpStatus)) return null
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

/** @throws the reason of the signal, at once. */
async function untilAborted(waiting: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (!signal) return waiting
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  return Promise.race([waiting, aborted]).finally(() => signal.removeEventListener('abort', abort))
}

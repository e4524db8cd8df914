// One request to Latchkey: its time-out, its retries, and the error of whatever is no success.
import { errorOf, LatchkeyError } from './error.ts'

export type ClientOptions = {
  /** Where Latchkey is: `https://keys.example.com`. */
  url: string
  /** A key that holds `keys:manage` (or `keys:verify`, to verify and introspect), or a person's JWT. */
  key: string
  fetch?: typeof fetch
  /** Of one attempt: 75,000 by default, since a change answers only once it is in force everywhere. */
  timeoutMs?: number
  /**
   * How often a GET or DELETE, or a call with an `idempotencyKey`, is asked again: 2 by default. Nothing
   * else is ever asked twice.
   */
  retries?: number
  /** Waits between two attempts. */
  sleep?: (ms: number) => Promise<void>
}

export type CallOptions = {
  signal?: AbortSignal | undefined
  /** Answer a change at once, with `effective_at`, rather than once it is in force. */
  respondAsync?: boolean | undefined
}

type Call = CallOptions & {
  json?: unknown
  form?: Record<string, string>
  /** By it the server does twice what it is asked twice only once: it may be asked again. */
  idempotencyKey?: string | undefined
}

export type Transport = (method: string, path: string, call?: Call) => Promise<unknown>

const maxWaitMs = 30_000

/** @throws TypeError for a url that is none, or no key. */
export function createTransport(options: ClientOptions): Transport {
  const { retries = 2, sleep = wait } = options
  const base = new URL(options.url)
  if (!options.key) throw new TypeError('latchkey/client: key is missing.')

  return async function ask(method, path, call = {}) {
    // POST and PATCH may have happened though their answer was lost: they are the caller's to repeat.
    const isRepeatable =
      method === 'GET' || method === 'DELETE' || call.idempotencyKey !== undefined
    const attempts = isRepeatable ? retries + 1 : 1
    for (let attempt = 1; ; attempt++) {
      try {
        return await askOnce(
          options,
          new URL(path, base),
          requestOf(method, options.key, call),
          call,
        )
      } catch (error) {
        const delayMs = waitBefore(attempt, error)
        if (attempt >= attempts || delayMs === null || call.signal?.aborted) throw error
        await sleep(delayMs)
      }
    }
  }
}

/** The answer's body, when it is a success. @throws LatchkeyError, or the reason of `signal`. */
async function askOnce(
  { fetch: send = fetch, timeoutMs = 75_000 }: ClientOptions,
  url: URL,
  request: RequestInit,
  { signal }: CallOptions,
): Promise<unknown> {
  const limit = AbortSignal.timeout(timeoutMs)
  const either = signal ? AbortSignal.any([signal, limit]) : limit
  let response: Response
  let text: string
  try {
    response = await send(url, { ...request, signal: either })
    text = await response.text()
  } catch (cause) {
    signal?.throwIfAborted()
    throw limit.aborted
      ? new LatchkeyError({
          code: 'timed_out',
          status: 0,
          detail: `No answer in ${timeoutMs} ms.`,
          cause,
        })
      : new LatchkeyError({
          code: 'unreachable',
          status: 0,
          detail: `${url.origin} cannot be reached.`,
          cause,
        })
  }
  const body = parse(text)
  if (!response.ok || typeof body !== 'object' || body === null) throw errorOf(response, body)
  return body
}

function requestOf(method: string, key: string, call: Call): RequestInit {
  const { json, form, respondAsync, idempotencyKey } = call
  const headers = new Headers({ authorization: `Bearer ${key}`, accept: 'application/json' })
  if (respondAsync) headers.set('prefer', 'respond-async')
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  // A redirect is not followed: it would carry the key elsewhere.
  const request: RequestInit = { method, headers, redirect: 'manual' }
  if (form !== undefined) return { ...request, body: new URLSearchParams(form) }
  if (json === undefined) return request
  headers.set('content-type', 'application/json')
  return { ...request, body: JSON.stringify(json) }
}

/** Milliseconds until another attempt, or null when none would do better or too late. */
function waitBefore(attempt: number, error: unknown): number | null {
  if (!(error instanceof LatchkeyError)) return null
  const { status, retryAfterSeconds } = error
  if (![0, 408, 429, 502, 503, 504].includes(status)) return null
  // Half of it by chance, so that clients that failed together do not come back together.
  const backOffMs = 250 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
  const delayMs = Math.max(backOffMs, (retryAfterSeconds ?? 0) * 1000)
  return delayMs <= maxWaitMs ? delayMs : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

// How the middleware verifies a key: over a service binding or over HTTP. Without a valid answer in time
// the verdict is unknown; a request that Latchkey refuses because of the app is thrown.
import type { Context } from 'hono'
import type {
  BindingVerifyRequest,
  VerifyAnswer,
  VerifyRequest,
} from '../../../src/contract/verify.ts'
import { deploymentUrl } from './deployment-url.ts'
import { isRefusalCode } from './problem-response.ts'

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

export type BindingOptions = {
  /** The binding, or its name in `c.env`: `LATCHKEY` by default. */
  binding?: string | LatchkeyBinding
  url?: never
  accountId?: never
}

export type HttpOptions = {
  /** Address of the deployment, such as `https://keys.example.com` or `https://example.com/latchkey`. */
  url: string
  /** A key of the app itself with the scope `keys:verify`, or `platform:verify` with `accountId`. */
  key: string | ((c: Context) => string)
  /** With a key that holds `platform:verify`: the id of the account whose keys pass, or `*` for those of all accounts. */
  accountId?: string
  /** The global `fetch` by default. */
  fetch?: typeof fetch
  binding?: never
}

export type Unavailable = {
  valid: false
  code: 'authority_unavailable'
  retryAfter?: string | null
}

export type VerifyTransport = (
  c: Context,
  request: VerifyRequest,
) => Promise<VerifyAnswer | Unavailable>

const unavailable: Unavailable = { valid: false, code: 'authority_unavailable' }

export function overBinding(
  { binding = 'LATCHKEY' }: BindingOptions,
  timeoutMs: number,
): VerifyTransport {
  return async function verify(c, request) {
    const latchkey: LatchkeyBinding | undefined =
      typeof binding === 'string' ? c.env?.[binding] : binding
    if (!latchkey) throw new Error(`apiKey: there is no binding ${binding}.`)
    const { latitude, longitude } = (c.req.raw as { cf?: Record<string, unknown> }).cf ?? {}
    const { promise: timeout, resolve } = Promise.withResolvers<Unavailable>()
    const timer = setTimeout(resolve, timeoutMs, unavailable)
    try {
      const answer = latchkey.verify({ ...request, cf: { latitude, longitude } })
      return readAnswer(await Promise.race([answer, timeout]))
    } catch (error) {
      // Latchkey throws a TypeError for a malformed request; any other error means that it did not answer.
      if (error instanceof TypeError) throw error
      return unavailable
    } finally {
      clearTimeout(timer)
    }
  }
}

/** @throws TypeError for an invalid `url` (see `deploymentUrl`), or an empty `key`. */
export function overHttp(
  { url, key, accountId, fetch: send = fetch }: HttpOptions,
  timeoutMs: number,
): VerifyTransport {
  const target = deploymentUrl(url, 'apiKey')('/api/v1/keys/verify')
  if (!key) throw new TypeError('apiKey: url needs a key that holds keys:verify.')
  if (accountId === '') throw new TypeError('apiKey: accountId is empty.')
  return async function verify(c, request) {
    const headers = {
      'content-type': 'application/json',
      'x-api-key': typeof key === 'function' ? key(c) : key,
    }
    const body = JSON.stringify({ ...request, account_id: accountId })
    const signal = AbortSignal.timeout(timeoutMs)
    // A redirect is not followed: it would carry the app's key elsewhere.
    const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const
    const response = await send(target, init).catch(() => null)
    if (response === null) return unavailable
    const { status } = response
    const answer = (await response.json().catch(() => null)) as ResponseBody
    if (status === 200) return readAnswer(answer?.data)
    const isClientError = status >= 400 && status < 500 && status !== 408 && status !== 429
    if (isClientError) throw new Error(`apiKey: Latchkey answered ${status}: ${answer?.detail}`)
    return { ...unavailable, retryAfter: response.headers.get('retry-after') }
  }
}

type ResponseBody = { data?: unknown; detail?: string } | null

/** Fails closed: an answer that this version cannot read never lets a request pass. */
function readAnswer(answer: unknown): VerifyAnswer | Unavailable {
  const { valid, code, key, account, scopes } = (answer ?? {}) as Partial<VerifyAnswer>
  const isPass = valid === true && code === 'valid' && key && account && scopes
  const isRefusal = valid === false && isRefusalCode(code)
  return isPass || isRefusal ? (answer as VerifyAnswer) : unavailable
}

// How the middleware asks Latchkey: over a service binding or over HTTP. What is not an answer in time
// is "not known"; what Latchkey refuses for the app's own fault is thrown.
import type { Context } from 'hono'
import { refusals } from './refusal.ts'
import type { VerifyAnswer, VerifyRequest } from './verify-types.ts'

/** The service binding to Latchkey: what its default entrypoint answers by RPC. */
export type LatchkeyBinding = {
  verify(request: VerifyRequest & { cf?: unknown }): PromiseLike<VerifyAnswer>
}

export type ByBinding = {
  /** The binding, or its name in `c.env`: `LATCHKEY` by default. */
  binding?: string | LatchkeyBinding
  url?: never
}

export type ByHttp = {
  /** Where Latchkey is: `https://keys.example.com`. */
  url: string
  /** The app's own key, which holds `keys:verify`. */
  key: string | ((c: Context) => string)
  fetch?: typeof fetch
  binding?: never
}

export type NotKnown = {
  valid: false
  code: 'authority_unavailable'
  retryAfter?: string | null
}

type Told = { data?: unknown; detail?: string } | null

export type Ask = (c: Context, question: VerifyRequest) => Promise<VerifyAnswer | NotKnown>

const notKnown: NotKnown = { valid: false, code: 'authority_unavailable' }

export function byBinding({ binding = 'LATCHKEY' }: ByBinding, timeoutMs: number): Ask {
  return async (c, question) => {
    const latchkey: LatchkeyBinding | undefined =
      typeof binding === 'string' ? c.env?.[binding] : binding
    if (!latchkey) throw new Error(`apiKey: there is no binding ${binding}.`)
    const { latitude, longitude } = (c.req.raw as { cf?: Record<string, unknown> }).cf ?? {}
    const { promise: limit, resolve } = Promise.withResolvers<NotKnown>()
    const timer = setTimeout(resolve, timeoutMs, notKnown)
    try {
      const asking = latchkey.verify({ ...question, cf: { latitude, longitude } })
      return readAnswer(await Promise.race([asking, limit]))
    } catch (error) {
      // Latchkey throws a TypeError for what the app asks wrongly; anything else is not an answer.
      if (error instanceof TypeError) throw error
      return notKnown
    } finally {
      clearTimeout(timer)
    }
  }
}

export function byHttp({ url, key, fetch: send = fetch }: ByHttp, timeoutMs: number): Ask {
  const target = new URL('/api/v1/keys/verify', url)
  if (!key) throw new TypeError('apiKey: url needs a key that holds keys:verify.')
  return async (c, question) => {
    const headers = {
      'content-type': 'application/json',
      'x-api-key': typeof key === 'function' ? key(c) : key,
    }
    const body = JSON.stringify(question)
    const signal = AbortSignal.timeout(timeoutMs)
    // A redirect is not followed: it would carry the app's key elsewhere.
    const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const
    const response = await send(target, init).catch(() => null)
    if (response === null) return notKnown
    const { status } = response
    const told = (await response.json().catch(() => null)) as Told
    if (status === 200) return readAnswer(told?.data)
    const isAppsFault = status >= 400 && status < 500 && status !== 408 && status !== 429
    if (isAppsFault) throw new Error(`apiKey: Latchkey answered ${status}: ${told?.detail}`)
    return { ...notKnown, retryAfter: response.headers.get('retry-after') }
  }
}

/** Only an answer that this module understands counts; nothing else is taken for a pass. */
function readAnswer(answer: unknown): VerifyAnswer | NotKnown {
  const { valid, code, key, account, scopes } = (answer ?? {}) as Partial<VerifyAnswer>
  const isPass = valid === true && code === 'valid' && key && account && scopes
  const isRefusal = valid === false && Object.hasOwn(refusals, `${code}`)
  return isPass || isRefusal ? (answer as VerifyAnswer) : notKnown
}

// Requests to the API behind the gateway: bodies are streamed both ways, and the response must begin in time.
import type { Context } from 'hono'
import type { Config } from '../../core/config.ts'
import { targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { isSafeMethod } from '../routing/method.ts'
import { withoutConnection } from './upstream-headers.ts'

/** Sends the request on with other headers. @throws Problem 502 or 504 */
export type UpstreamFetch = (
  c: Context<AppEnv>,
  headers: Headers,
  abort?: AbortController,
) => Promise<Response>

export function createUpstream({ upstream, timeoutMs }: Config['gateway']): UpstreamFetch {
  const origin = typeof upstream === 'string' ? new URL(upstream).origin : null

  return async function fetchUpstream(c, headers, abort = new AbortController()) {
    const { raw } = c.req
    const { path, query } = targetOf(raw.url)
    const url = origin === null ? raw.url : origin + path + query
    const { request, sent } = outgoing(raw, url, { headers, signal: abort.signal })
    const timeout = startTimeout(timeoutMs, sent)
    const first = await Promise.race([
      c.env.fetchUpstream(request),
      timeout.over,
      disconnect(raw.signal),
    ])
      .catch((cause) => {
        throw new Problem('upstream_unavailable', { cause })
      })
      .finally(timeout.stop)
    if (first instanceof Response) return withoutConnection(first)
    abort.abort()
    if (first === 'timeout') throw timedOut(timeoutMs)
    // No client reads this. nginx logs 499 for a client that disconnected.
    return new Response(null, { status: 499 })
  }
}

type Outgoing = {
  request: Request
  /** Resolves when the last byte of the body has been handed over, or never will be. */
  sent: Promise<unknown>
}

function outgoing(
  raw: Request,
  url: string,
  settings: { headers: Headers; signal: AbortSignal },
): Outgoing {
  // The client decides whether to follow a redirect of the upstream.
  const init: RequestInit = { ...settings, redirect: 'manual' }
  const { method, body, cf } = raw
  const asSent = { ...init, method, ...(cf && { cf }) }
  if (body === null) return { request: new Request(url, asSent), sent: nothing }
  if (isSafeMethod(method)) {
    // GET may have a body (RFC 9110 9.3.1), but only a copy of the request may hold one.
    return { request: new Request(new Request(url, raw), init), sent: nothing }
  }
  const length = raw.headers.get('content-length')
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length))
  // The response shows a failure of either side.
  const sent = body.pipeTo(writable).catch(() => {})
  return { request: new Request(url, { ...asSent, body: readable }), sent }
}

const nothing = Promise.resolve()

/** Starts when the body is sent: a slow upload of the client does not count. */
function startTimeout(
  ms: number,
  sent: Promise<unknown>,
): { over: Promise<'timeout'>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<'timeout'>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let isStopped = false
  sent.then(() => {
    if (!isStopped) timer = setTimeout(() => resolve('timeout'), ms)
  })
  return {
    over: promise,
    stop() {
      isStopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** Resolves only with the compatibility flag enable_request_signal. */
function disconnect(client: AbortSignal): Promise<'disconnected'> {
  return new Promise((resolve) => {
    client.addEventListener('abort', () => resolve('disconnected'), { once: true })
  })
}

function timedOut(timeoutMs: number): Problem {
  const detail = `The API behind Latchkey did not begin its answer within ${timeoutMs} ms.`
  return new Problem('upstream_timeout', { detail })
}

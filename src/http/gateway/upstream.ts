// Asking the API behind the gateway: bodies stream both ways, and it has a set time to begin its answer.
import type { Context } from 'hono'
import type { Config } from '../../core/config.ts'
import { targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import type { Principal } from '../auth/principal.ts'
import { Problem } from '../response/problem.ts'
import { requestIdOf } from '../response/request-id.ts'
import { isSafeMethod } from '../routing/method.ts'
import { requestHeaders, withoutConnection } from './upstream-headers.ts'

/** @throws Problem 502 or 504 */
export type Ask = (
  c: Context<AppEnv>,
  holder: Principal,
  giveUp?: AbortController,
) => Promise<Response>

export function createUpstream({ upstream, timeoutMs }: Config['gateway']): Ask {
  const origin = typeof upstream === 'string' ? new URL(upstream).origin : null

  return async function ask(c, holder, giveUp = new AbortController()) {
    const { raw } = c.req
    const { path, query } = targetOf(raw.url)
    const url = origin === null ? raw.url : origin + path + query
    const headers = requestHeaders(raw, holder, requestIdOf(c))
    const { request, sent } = outgoing(raw, url, { headers, signal: giveUp.signal })
    const patience = wait(timeoutMs, sent)
    const first = await Promise.race([
      c.env.fetchUpstream(request),
      patience.over,
      departure(raw.signal),
    ])
      .catch((cause) => {
        throw new Problem('upstream_unavailable', { cause })
      })
      .finally(patience.stop)
    if (first instanceof Response) return withoutConnection(first)
    giveUp.abort()
    if (first === 'late') throw tooLate(timeoutMs)
    // Nobody reads this. 499 is what nginx logs for a client that has gone.
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
  // A redirect of the upstream is the client's to follow.
  const init: RequestInit = { ...settings, redirect: 'manual' }
  const { method, body, cf } = raw
  if (body === null || isSafeMethod(method)) {
    // GET may have a body (RFC 9110 9.3.1), but only a copy of the request may hold one.
    return { request: new Request(new Request(url, raw), init), sent: Promise.resolve() }
  }
  const length = raw.headers.get('content-length')
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length))
  // Whoever failed, client or upstream, the answer tells.
  const sent = body.pipeTo(writable).catch(() => {})
  const request = new Request(url, { ...init, method, body: readable, ...(cf && { cf }) })
  return { request, sent }
}

/** Time for the upstream alone: a slow upload is the client's. */
function wait(ms: number, sent: Promise<unknown>): { over: Promise<'late'>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<'late'>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let isStopped = false
  sent.then(() => {
    if (!isStopped) timer = setTimeout(() => resolve('late'), ms)
  })
  return {
    over: promise,
    stop() {
      isStopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** Fires with the compatibility flag enable_request_signal; without it, Workers end what has no work left. */
function departure(client: AbortSignal): Promise<'gone'> {
  return new Promise((resolve) => {
    client.addEventListener('abort', () => resolve('gone'), { once: true })
  })
}

function tooLate(timeoutMs: number): Problem {
  const detail = `The API behind Latchkey did not begin its answer within ${timeoutMs} ms.`
  return new Problem('upstream_timeout', { detail })
}

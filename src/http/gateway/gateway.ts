// The gateway to one API behind Latchkey: a policy decides who may pass, and bodies are streamed both ways.
import type { Context } from 'hono'
import { targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import type { Principal } from '../auth/principal.ts'
import { isSafeMethod } from '../routing/method.ts'
import type { AppSettings } from '../services.ts'
import {
  admit,
  policyOfGateway,
  type RequestRoute,
  routeOf,
  speculativelyAdmitted,
} from './admission.ts'
import { createCredentialCheck } from './held-credentials.ts'
import { identityHeaders } from './identity-headers.ts'
import { isPreflight, passPreflight } from './preflight.ts'
import { createUpstream, type UpstreamFetch } from './upstream.ts'
import { isWebSocket, requestHeaders } from './upstream-headers.ts'

export function createGateway({ config, clock }: AppSettings) {
  const { gateway } = config
  const policy = policyOfGateway(config)
  const fetchUpstream = createUpstream(gateway)
  return async function handleGateway(c: Context<AppEnv>): Promise<Response> {
    const { raw } = c.req
    const route = routeOf(policy, raw.headers, raw.method, targetOf(raw.url).path)
    if (config.cors === 'upstream' && isPreflight(raw)) {
      return passPreflight(c, route, fetchUpstream)
    }
    const speculation = gateway.speculative ? await speculate(c, route, fetchUpstream) : null
    try {
      const principal = await admit(c, route)
      const admittedAt = clock.now()
      const isSame = speculation?.identity === identityOf(principal, c)
      const response = await (isSame
        ? speculation.release()
        : fetchUpstream(c, headersOf(principal, c)))
      c.set('isOfUpstream', true)
      if (!staysOpen(response, raw.method)) return response
      const isDue = clock.now() - admittedAt >= gateway.reverifyMs
      const { endWithCredential } = await import('./open-connection.ts')
      return endWithCredential(c, response, { route, isDue })
    } finally {
      speculation?.drop()
    }
  }
}

/** The headers of the request as the API behind receives them. */
function headersOf(principal: Principal, c: Context<AppEnv>): Headers {
  const { raw } = c.req
  const holdsCredential = createCredentialCheck(c.env, raw.headers)
  return requestHeaders(raw, { principal, requestId: c.env.report.id, holdsCredential })
}

/** Whether nothing says when the response ends. One of known length passes as it is. */
function staysOpen({ webSocket, body, headers }: Response, method: string): boolean {
  if (webSocket) return true
  return body !== null && method !== 'HEAD' && !headers.has('content-length')
}

/** A request that was sent upstream before the verdict was known. */
type Speculation = {
  /** The identity that the upstream was given. */
  identity: string
  release(): Promise<Response>
  /** Does nothing once released. */
  drop(): void
}

/**
 * Calls the upstream in the name of the principal in memory while the fence is read: only for requests without an
 * effect (RFC 9110 9.2.1). Its price: a key that was just revoked makes the upstream work once more in each isolate
 * that still remembers it. That response reaches no client.
 */
async function speculate(
  c: Context<AppEnv>,
  route: RequestRoute,
  fetchUpstream: UpstreamFetch,
): Promise<Speculation | null> {
  const { method, body, headers } = c.req.raw
  if (!isSafeMethod(method) || body !== null || isWebSocket(headers)) return null
  const principal = await speculativelyAdmitted(c.env, c.req.raw, route)
  if (principal === null) return null
  const abort = new AbortController()
  const response = fetchUpstream(c, headersOf(principal, c), abort)
  // It may fail before anything awaits it, or be dropped.
  response.catch(() => {})
  let isReleased = false
  return {
    identity: identityOf(principal, c),
    release() {
      isReleased = true
      return response
    },
    drop() {
      if (isReleased) return
      abort.abort()
      response.then((unwanted) => unwanted.body?.cancel()).catch(() => {})
    },
  }
}

function identityOf(principal: Principal, c: Context<AppEnv>): string {
  return Object.values(identityHeaders(principal, c.env.report.id)).join('\n')
}

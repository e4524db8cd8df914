// One API behind Latchkey: who may pass is decided by a policy, what passes is streamed both ways.
import type { Context } from 'hono'
import { createPolicy, type RouteMatch } from '../../core/policy.ts'
import { targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import type { Principal } from '../auth/principal.ts'
import { requestIdOf } from '../response/request-id.ts'
import { isSafeMethod } from '../routing/method.ts'
import type { AppSettings } from '../services.ts'
import { admit, speculativelyAdmitted } from './admission.ts'
import { identityHeaders } from './identity-headers.ts'
import { type Ask, createUpstream } from './upstream.ts'
import { isWebSocket } from './upstream-headers.ts'

export function createGateway({ config }: AppSettings) {
  const { gateway, policies } = config
  const match = createPolicy(policies[gateway.policy] ?? [])
  const ask = createUpstream(gateway)
  return async function passOn(c: Context<AppEnv>): Promise<Response> {
    const { raw } = c.req
    const route = match(raw.method, targetOf(raw.url).path)
    const ahead = gateway.speculative ? await askAhead(c, route, ask) : null
    try {
      const holder = await admit(c, route)
      const isTold = ahead?.toldOf === identity(holder, c)
      const answer = await (isTold ? ahead.release() : ask(c, holder))
      c.set('isOfUpstream', true)
      return answer
    } finally {
      ahead?.drop()
    }
  }
}

type Ahead = {
  /** The identity that the upstream was told. */
  toldOf: string
  release(): Promise<Response>
  /** Does nothing once released. */
  drop(): void
}

/**
 * Asks the upstream in the name of whom memory last knew, while the fence is being asked: for a request
 * that has no effect (RFC 9110 9.2.1). What it gives away: a key revoked a moment ago makes the upstream
 * work once more in each isolate that still remembers it. Nobody sees that answer.
 */
async function askAhead(c: Context<AppEnv>, route: RouteMatch, ask: Ask): Promise<Ahead | null> {
  const { method, body, headers } = c.req.raw
  if (!isSafeMethod(method) || body !== null || isWebSocket(headers)) return null
  const holder = await speculativelyAdmitted(c.env, c.req.raw, route)
  if (holder === null) return null
  const giveUp = new AbortController()
  const answer = ask(c, holder, giveUp)
  // It may fail before anybody listens, or be dropped.
  answer.catch(() => {})
  let isReleased = false
  return {
    toldOf: identity(holder, c),
    release() {
      isReleased = true
      return answer
    },
    drop() {
      if (isReleased) return
      giveUp.abort()
      answer.then((unwanted) => unwanted.body?.cancel()).catch(() => {})
    },
  }
}

function identity(holder: Principal, c: Context<AppEnv>): string {
  return Object.values(identityHeaders(holder, requestIdOf(c))).join('\n')
}

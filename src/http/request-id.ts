// The id by which a request is known in every answer and every log line. It is made here, never taken
// from the client, who could forge another's lines with it.
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './env.ts'

// Routers that are loaded lazily see the same Request, and so the same id.
const ids = new WeakMap<Request, string>()

/** The id of a request. Middleware may put another Request in its place: what was set stays. */
export function requestIdOf(c: Context<AppEnv>): string {
  return c.get('requestId') ?? newIdOf(c.req.raw)
}

function newIdOf(request: Request): string {
  const id = ids.get(request) ?? crypto.randomUUID()
  ids.set(request, id)
  return id
}

/** Sets `c.var.requestId` and sends it as `X-Request-Id`. */
export const requestId: MiddlewareHandler<AppEnv> = async function requestId(c, next) {
  c.set('requestId', newIdOf(c.req.raw))
  await next()
  c.header('X-Request-Id', c.var.requestId)
}

// latchkey/express: middleware for Express 4 and 5. Of Express it imports types alone.
import type { Request, RequestHandler } from 'express'
import { type ApiKey, createAdmission, type Optional, type VerifyOptions } from './admission.ts'
import { readNodeHeaders } from './node-headers.ts'
import type { HttpOptions } from './verifier.ts'

export type { ApiKey } from './admission.ts'

declare global {
  namespace Express {
    interface Request {
      /** The verified key, behind `apiKey`. */
      apiKey?: ApiKey | undefined
    }
  }
}

/**
 * What a route needs, and how Latchkey is reached.
 * @example
 * ```ts
 * const options: ApiKeyOptions = { url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] }
 * ```
 */
export type ApiKeyOptions = VerifyOptions<Request> & Optional & HttpOptions<Request>

/**
 * Middleware that lets a request pass with a valid key (`X-API-Key`, which wins, or `Authorization: Bearer`) and sets
 * `request.apiKey`. Any other request gets the `application/problem+json` that Latchkey itself would answer: 401 and 403 about
 * the client's key, 409, 429, 503 where the verdict is unknown after `timeoutMs`, 500 for this server's own mistake, of which
 * `onError` receives the reason. The address of the client is `request.ip`, that of the connection unless the app has
 * `trust proxy`.
 * @throws TypeError for invalid options: once, as the app is built.
 * @example
 * ```ts
 * const needsKey = apiKey({ url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] })
 * app.get('/contacts', needsKey, (request, response) => {
 *   response.json({ account: request.apiKey?.account.name })
 * })
 * ```
 */
export function apiKey(options: ApiKeyOptions): RequestHandler {
  const admit = createAdmission<Request>(options, ({ headers, ip }) => {
    return { headers: readNodeHeaders(headers), clientAddress: ip }
  })
  return async function apiKey(request, response, next) {
    const admission = await admit(request)
    // Another middleware, a timeout for example, has answered meanwhile.
    if (response.headersSent) return
    const { refused } = admission
    for (const [name, value] of refused ? Object.entries(refused.headers) : admission.limits) {
      response.setHeader(name, value)
    }
    if (refused) {
      response.statusCode = refused.status
      response.end(refused.body)
      return
    }
    request.apiKey = admission.apiKey
    next()
  }
}

// latchkey/fastify: a hook for Fastify 4 and 5. Of Fastify it imports types alone.
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { type ApiKey, createAdmission, type Optional, type VerifyOptions } from './admission.ts'
import { readNodeHeaders } from './node-headers.ts'
import type { HttpOptions } from './verifier.ts'

export type { ApiKey } from './admission.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The verified key, behind `apiKey`. */
    apiKey?: ApiKey | undefined
  }
}

/**
 * What a route needs, and how Latchkey is reached.
 * @example
 * ```ts
 * const options: ApiKeyOptions = { url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] }
 * ```
 */
export type ApiKeyOptions = VerifyOptions<FastifyRequest> & Optional & HttpOptions<FastifyRequest>

/**
 * An `onRequest` hook, of a route, a plugin or the whole server, that lets a request pass with a valid key (`X-API-Key`, which
 * wins, or `Authorization: Bearer`) and sets `request.apiKey`. Any other request gets the `application/problem+json` that Latchkey
 * itself would answer: 401 and 403 about the client's key, 409, 429, 503 where the verdict is unknown after `timeoutMs`, 500 for
 * this server's own mistake, of which `onError` receives the reason. The address of the client is `request.ip`, that of the
 * connection unless the server has `trustProxy`.
 * @throws TypeError for invalid options: once, as the server is built.
 * @example
 * ```ts
 * const onRequest = apiKey({ url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] })
 * app.get('/contacts', { onRequest }, async (request) => ({ account: request.apiKey?.account.name }))
 * ```
 */
export function apiKey(options: ApiKeyOptions): onRequestAsyncHookHandler {
  const admit = createAdmission<FastifyRequest>(options, ({ headers, ip }) => {
    return { headers: readNodeHeaders(headers), clientAddress: ip }
  })
  return async function apiKey(request, reply) {
    const admission = await admit(request)
    if (reply.sent) return
    const { refused } = admission
    if (refused) {
      // Bytes, since Fastify adds a charset to the type of text.
      const body = new TextEncoder().encode(refused.body)
      return reply.code(refused.status).headers(refused.headers).send(body)
    }
    request.apiKey = admission.apiKey
    reply.headers(Object.fromEntries(admission.limits))
  }
}

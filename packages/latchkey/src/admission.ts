// Whether a request is admitted: the one decision behind every framework. It fails closed, it never throws, and it
// keeps no verdict: Latchkey is asked about every request, so that a revoked key fails on its next one.
import { presentedToken } from '../../../src/contract/credentials.ts'
import { rateLimitHeaders } from '../../../src/contract/limit-headers.ts'
import type { VerifiedKey, VerifyRequest } from '../../../src/contract/verify.ts'
import { type Refused, refuse } from './refusal.ts'
import {
  failure,
  type HttpOptions,
  type LatchkeyBinding,
  overBinding,
  overHttp,
  unavailable,
  type Verified,
  valueFor,
} from './verifier.ts'

/**
 * The verified key of a request: `id`, `name`, `external_id` and `metadata` (whose key it is), `environment`, `format`,
 * `expires_at` (RFC 3339 or null), `account`, `scopes`, `resources`, `rate_limit` and `credits`.
 * @example
 * ```ts
 * const customerOf = ({ external_id, account }: ApiKey) => external_id ?? account.id
 * ```
 */
export type ApiKey = VerifiedKey['key'] & Omit<VerifiedKey, 'valid' | 'code' | 'key'>

export type VerifyOptions<Request> = {
  /** What the key needs, all of it: scopes, or `scope#id` for one resource; nothing by default. */
  scopes?: readonly string[] | ((request: Request) => readonly string[])
  /** What the key needs beside `scopes`, any of it; nothing by default. */
  anyOf?: readonly string[] | ((request: Request) => readonly string[])
  /** The environment that the key must have, or `any`; `live` by default. */
  environment?: string
  /** Reads the nearest fence even while a lease runs; false by default. */
  fresh?: boolean
  /** Credits to consume where the key has any, a whole number from 0: all of them or none; 1 by default. */
  cost?: number | ((request: Request) => number)
  /**
   * Consumes the cost once in 24 hours for each value (1 to 255 characters). A client that chose it alone could
   * pay once for everything.
   */
  idempotencyKey?: (request: Request) => string
  /**
   * Address of the client; null or undefined where it is not known, and a key with `allowed_ips` is then refused. The default is
   * what cannot be forged: each framework's `apiKey` says what it is. Never read a header that no proxy of yours sets.
   */
  clientAddress?: (request: Request) => string | null | undefined
  /** Milliseconds until the answer is 503; 3,000 by default, longer than Latchkey waits for its own stores. */
  timeoutMs?: number
  /**
   * Receives what the client is not told: why the answer was 500 (this server's key or scopes are wrong) or 503 (Latchkey did not
   * answer). `console.error` by default.
   */
  onError?: (error: Error, request: Request) => void
}

/** Admits a request without a key too; one with an invalid key is refused. */
export type Optional = { optional?: boolean }

export type BindingOptions<Binding> = {
  /** The service binding to Latchkey. */
  binding: Binding
  url?: never
  accountId?: never
}

/** What a framework knows of a request. */
export type Facts = {
  headers: Pick<Headers, 'get'>
  clientAddress?: string | null | undefined
  requestId?: string | undefined
  cf?: unknown
}

/** `limits`: headers for the answer of an admitted request. `apiKey` is undefined where a key is optional and absent. */
export type Admission =
  | { refused: Refused }
  | { refused?: never; apiKey: ApiKey | undefined; limits: [name: string, value: string][] }

/**
 * The decision about each request. `bindingOf` is for frameworks that run on Workers too, and counts where `options` has no `url`.
 * @throws TypeError for invalid options: once, as the app is built.
 */
export function createAdmission<Request>(
  options: VerifyOptions<Request> & Optional & (HttpOptions<Request> | BindingOptions<unknown>),
  factsOf: (request: Request) => Facts,
  bindingOf?: (request: Request) => LatchkeyBinding,
): (request: Request) => Promise<Admission> {
  const { optional, environment, timeoutMs = 3_000 } = options
  // biome-ignore lint/suspicious/noConsole: an outage that nobody hears of lasts; `onError` replaces it.
  const { onError = ({ message }) => console.error(message) } = options
  const isBound = bindingOf && !('url' in options)
  const verify = isBound ? overBinding(bindingOf) : overHttp(options as HttpOptions<Request>)

  async function ask(request: Request, token: string, { clientAddress, cf }: Facts) {
    const asked = verifyRequest({ clientAddress, ...options }, request, token)
    const signal = AbortSignal.timeout(timeoutMs)
    // Also where `fetch` ignores its signal: a call that does not end is a verdict that is not known.
    const timeout = new Promise<Verified>((resolve) => {
      signal.addEventListener('abort', () => resolve(unavailable(failure(signal.reason))))
    })
    return Promise.race([verify(asked, request, signal, cf), timeout])
  }

  return async function admit(request) {
    const facts = factsOf(request)
    const token = presentedToken(facts.headers)
    if (token === null && optional) return { apiKey: undefined, limits: [] }
    const verified = token === null ? missing : await ask(request, token, facts).catch(ownFault)
    if (verified.key) return admitted(verified.key)
    try {
      if (verified.error) onError(verified.error, request)
    } catch {
      // A log that fails decides nothing.
    }
    return {
      refused: refuse(verified.refusal, facts.requestId ?? crypto.randomUUID(), environment),
    }
  }
}

const missing: Verified = { refusal: { code: 'missing_credential' } }

/** This server asked wrongly: its key, its scopes, its code. */
function ownFault(cause: unknown): Verified {
  return { refusal: { code: 'internal_error' }, error: cause as Error }
}

function admitted({ valid: _, code: __, key, ...rest }: VerifiedKey): Admission {
  return { apiKey: { ...key, ...rest }, limits: rateLimitHeaders(rest.rate_limit ?? [], null) }
}

type Address = string | null | undefined

function verifyRequest<Request>(
  options: Omit<VerifyOptions<Request>, 'clientAddress'> & {
    clientAddress?: Address | ((request: Request) => Address)
  },
  request: Request,
  token: string,
): VerifyRequest {
  const { scopes, anyOf, environment, fresh, cost, idempotencyKey, clientAddress } = options
  return {
    token,
    scopes: valueFor(scopes, request),
    any_of: valueFor(anyOf, request),
    environment,
    fresh,
    cost: valueFor(cost, request),
    idempotencyKey: valueFor(idempotencyKey, request),
    // A zone (RFC 4007 11) means something on this host alone.
    ip: valueFor(clientAddress, request)?.split('%')[0] || null,
  }
}

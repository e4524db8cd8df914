// The answer to a request that may not pass: RFC 9457 and RFC 6750, word for word as Latchkey's own.
// It imports nothing of Latchkey: test/worker/middleware.test.ts compares the two.
import type { Context } from 'hono'
import { limitFields } from './limit-fields.ts'
import type { WindowLeft } from './verify-types.ts'

type Refusal = {
  status: number
  title: string
  /** What `WWW-Authenticate` says beside the realm; undefined: no such header. */
  challenge?: string
  retry?: true
}

const invalidToken = ', error="invalid_token"'

export const refusals: Record<string, Refusal> = {
  // RFC 6750 3: no error code where nothing was presented.
  missing_credential: { status: 401, title: 'No credential was presented', challenge: '' },
  invalid_api_key: { status: 401, title: 'The API key is not valid', challenge: invalidToken },
  revoked_api_key: { status: 401, title: 'The API key has been revoked', challenge: invalidToken },
  expired_api_key: { status: 401, title: 'The API key has expired', challenge: invalidToken },
  disabled_api_key: { status: 401, title: 'The API key is disabled', challenge: invalidToken },
  ip_not_allowed: {
    status: 403,
    title: 'The address may not use this key',
    challenge: invalidToken,
  },
  insufficient_scope: {
    status: 403,
    title: 'The credential lacks a scope',
    challenge: ', error="insufficient_scope"',
  },
  rate_limited: { status: 429, title: 'Too many requests', retry: true },
  credits_exhausted: { status: 429, title: 'No credits are left', retry: true },
  conflict: { status: 409, title: 'Conflict' },
  authority_unavailable: {
    status: 503,
    title: 'The answer is not known right now',
    retry: true,
  },
}

const details: Record<string, string> = {
  conflict: 'This idempotency key was used for another cost within 24 hours.',
  missing_credential: 'Present a key as X-API-Key or as Authorization: Bearer.',
  authority_unavailable:
    'A store did not answer, so the answer is not known. Asking again is safe.',
}

export type Told = {
  code: string
  missing_scopes?: readonly string[]
  /** Of an answer: null where waiting will not help. */
  retry_after_seconds?: number | null
  rate_limit?: readonly WindowLeft[] | null
  /** Of Latchkey's own response, where it gave no answer. */
  retryAfter?: string | null
}

// What Latchkey says of credits that no refill will bring.
const maxWaitSeconds = 60 * 60

/** The problem for a code; a code that is not known here is an answer that is not known. */
export function refuse(c: Context, answer: Told): Response {
  const { code: told, missing_scopes } = answer
  const code = Object.hasOwn(refusals, told) ? told : 'authority_unavailable'
  const { status, title, challenge, retry } = refusals[code] as Refusal
  const requestId: string = c.get('requestId') ?? crypto.randomUUID()
  const detail = missing_scopes
    ? `This needs ${missing_scopes.join(' and ')}.`
    : (details[code] ?? title)
  const type = `/docs/errors#${code}`
  const body = { type, title, status, detail, code, request_id: requestId }
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  })
  if (challenge !== undefined) {
    const scope = missing_scopes ? `, scope="${missing_scopes.join(' ')}"` : ''
    headers.set('www-authenticate', `Bearer realm="latchkey"${challenge}${scope}`)
  }
  if (retry) headers.set('retry-after', retryAfterOf(answer))
  if (status === 429) {
    const seconds = Number(headers.get('retry-after'))
    for (const field of limitFields(answer.rate_limit ?? null, seconds)) headers.set(...field)
  }
  return new Response(JSON.stringify(body), { status, headers })
}

function retryAfterOf({ retry_after_seconds: seconds, retryAfter }: Told): string {
  if (seconds !== undefined) return String(seconds ?? maxWaitSeconds)
  return retryAfter ?? '1'
}

// What each problem code means to whoever meets it, and what to do: the page /docs/errors. A code
// without a text is a type error.
import type { ProblemCode } from '../../contract/problems.ts'

export type ProblemText = { meaning: string; remedy: string }

export const problemTexts: Record<ProblemCode, ProblemText> = {
  missing_credential: {
    meaning: 'The request presents nothing by which it could be let in, or presents it in the URL.',
    remedy:
      'Send the key as X-API-Key or as Authorization: Bearer. Never put it into a URL: revoke one that was.',
  },
  invalid_api_key: {
    meaning: 'No key has this token: it is cut off, mistyped, or of another deployment.',
    remedy: 'Compare what is sent with what was copied when the key was made. Do not retry.',
  },
  revoked_api_key: {
    meaning: 'The token is real, and its key was revoked for good.',
    remedy: 'Ask the account for a new key. The audit trail says who revoked this one.',
  },
  expired_api_key: {
    meaning: 'The token is real, and its key has expired or was rotated and its overlap is over.',
    remedy: 'Use the token that replaced it, or ask for a new key.',
  },
  disabled_api_key: {
    meaning: 'The token is real, and its key is switched off for now.',
    remedy: 'Ask the account to enable it; the same token will work again.',
  },
  invalid_token: {
    meaning: 'The JWT, the session or the sign-in is not valid, or no longer.',
    remedy: 'Sign in again, and take a fresh JWT from GET /api/auth/token.',
  },
  insufficient_scope: {
    meaning: 'The credential is good and lacks a scope that this request needs.',
    remedy: 'The challenge in WWW-Authenticate names the scopes. Use a key that holds them.',
  },
  ip_not_allowed: {
    meaning: 'The key may be used from certain addresses only, and this is none of them.',
    remedy: 'Send the request from an allowed address, or have allowed_ips of the key changed.',
  },
  forbidden: {
    meaning: 'The role or the key may not do this, whatever its scopes.',
    remedy: 'The detail says who may. Ask an admin or an owner of the account.',
  },
  not_found: {
    meaning:
      'There is nothing of this name here; what belongs to other accounts is not here either.',
    remedy: 'Check the path and the id, and the account that the credential belongs to.',
  },
  method_not_allowed: {
    meaning: 'The path exists and does not take this method.',
    remedy: 'See the document of the API for the methods of the path.',
  },
  conflict: {
    meaning: 'What is there is not in a state for this, or others are changing it at this moment.',
    remedy: 'Read it again, decide anew, and then repeat the request if it still makes sense.',
  },
  invalid_request: {
    meaning: 'Something in the request is not as it must be.',
    remedy: 'Each entry of errors names a field and what is wrong with it.',
  },
  payload_too_large: {
    meaning: 'The body is larger than this operation takes.',
    remedy: 'Send less at once; the detail gives the limit.',
  },
  unsupported_media_type: {
    meaning: 'The Content-Type is missing, or not one that this operation reads.',
    remedy: 'Send application/json, or the type that the document of the operation names.',
  },
  rate_limited: {
    meaning: 'The key, or the address, has made too many requests in its window.',
    remedy: 'Wait as long as Retry-After says, and spread requests out.',
  },
  credits_exhausted: {
    meaning: 'The credits of the key do not cover this request, and none were taken.',
    remedy: 'Wait for the refill that Retry-After tells of, or have the account add credits.',
  },
  internal_error: {
    meaning: 'A fault of this service. It is logged under the request id.',
    remedy: 'Try again; if it goes on, report the request_id.',
  },
  upstream_unavailable: {
    meaning: 'The key is good, and the API behind did not answer.',
    remedy: 'Try again later. The request may or may not have taken effect there.',
  },
  upstream_timeout: {
    meaning: 'The key is good, and the API behind did not begin its answer in time.',
    remedy: 'Try again later. The request may or may not have taken effect there.',
  },
  authority_unavailable: {
    meaning: 'A store did not answer, so that nobody can say whether the key is good. No refusal.',
    remedy: 'Keep the key, wait as long as Retry-After says, and ask again: it is safe.',
  },
}

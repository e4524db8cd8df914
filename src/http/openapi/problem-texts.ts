// What each problem code means and what to do about it: the page /docs/errors. A code without a text is a type error.
import type { ProblemCode } from '../../contract/problems.ts'

export type ProblemText = { meaning: string; remedy: string }

export const problemTexts: Record<ProblemCode, ProblemText> = {
  missing_credential: {
    meaning: 'The request has no credential, or has it in the URL.',
    remedy:
      'Send the key as X-API-Key or as Authorization: Bearer. Never put it into a URL: revoke a key that was in one.',
  },
  invalid_api_key: {
    meaning: 'No key has this token: it is truncated, mistyped, or from another deployment.',
    remedy: 'Compare it with the token that was shown when the key was created. Do not retry.',
  },
  revoked_api_key: {
    meaning: 'The token is genuine, but its key was revoked permanently.',
    remedy: 'Request a new key from the account. The audit log shows who revoked this one.',
  },
  expired_api_key: {
    meaning:
      'The token is genuine, but its key has expired, or was rotated and the overlap is over.',
    remedy: 'Use the token that replaced it, or request a new key.',
  },
  disabled_api_key: {
    meaning: 'The token is genuine, but its key is disabled for now.',
    remedy: 'Have the account enable it; the same token will work again.',
  },
  account_suspended: {
    meaning:
      'The token is genuine, but the operator of this service has suspended the account of its key.',
    remedy:
      'Keep the key: it works again when the account is resumed. An owner of the account asks the operator of this service.',
  },
  invalid_token: {
    meaning: 'The JWT, the session or the sign-in is not valid, or no longer valid.',
    remedy: 'Sign in again, and get a new JWT from GET /api/auth/token.',
  },
  wrong_environment: {
    meaning: 'The key is valid, but it belongs to another environment than this request needs.',
    remedy: 'Use a key of the environment that the detail names, such as a live key for live data.',
  },
  insufficient_scope: {
    meaning: 'The credential is valid but lacks a scope that this request needs.',
    remedy: 'The challenge in WWW-Authenticate names the scopes. Use a key that holds them.',
  },
  ip_not_allowed: {
    meaning: 'The key may be used from certain addresses only, and not from this one.',
    remedy: 'Send the request from an allowed address, or have allowed_ips of the key changed.',
  },
  forbidden: {
    meaning:
      'The role or the key does not permit this, whatever its scopes; or the account requires a second factor, and the person has none.',
    remedy: 'The detail names what is required. Contact an admin or an owner of the account.',
  },
  step_up_required: {
    meaning:
      'You may do this, but the session or the JWT last proved who you are more than ten minutes ago.',
    remedy:
      'With a session: POST /api/auth/step-up with the strongest that you have enrolled, a passkey, else a code, else your password. With a JWT: sign in again and get a new JWT. Then repeat the request.',
  },
  not_found: {
    meaning:
      'Nothing with this name exists in the account; data of other accounts is not found either.',
    remedy: 'Check the path and the id, and the account that the credential belongs to.',
  },
  method_not_allowed: {
    meaning: 'The path exists but does not support this method.',
    remedy: 'See the API documentation for the methods of the path.',
  },
  conflict: {
    meaning:
      'The resource is not in a state for this, or is being changed by others at this moment.',
    remedy: 'Read it again, and repeat the request if it still makes sense.',
  },
  precondition_failed: {
    meaning: 'The resource has changed since the version that If-Match names. Nothing was changed.',
    remedy: 'Read it again, apply the edit to what it is now, and send its new ETag.',
  },
  idempotency_key_reused: {
    meaning:
      'A request with this Idempotency-Key and another payload was executed within 24 hours.',
    remedy: 'Use a new Idempotency-Key for each new request, and the same one only to retry it.',
  },
  invalid_request: {
    meaning: 'Something in the request is not valid.',
    remedy: 'Each entry of errors names a field and what is wrong with it.',
  },
  payload_too_large: {
    meaning: 'The body is larger than this operation accepts.',
    remedy: 'Send less at once; the detail states the limit.',
  },
  unsupported_media_type: {
    meaning: 'The Content-Type is missing, or not supported by this operation.',
    remedy: 'Send application/json, or the type in the documentation of the operation.',
  },
  rate_limited: {
    meaning: 'The key, or the address, has made too many requests in its window.',
    remedy: 'Wait for the seconds in Retry-After, and spread requests out.',
  },
  credits_exhausted: {
    meaning: 'The credits of the key do not cover this request, and none were consumed.',
    remedy: 'Wait for the refill (Retry-After, in seconds), or have the account add credits.',
  },
  quota_exceeded: {
    meaning:
      'The account has as many keys, members or webhook endpoints as it may, or made as many changes in a minute. Nothing was changed.',
    remedy:
      'The detail names the quota. With Retry-After wait for those seconds; otherwise remove some, or have the owners of the platform raise it.',
  },
  internal_error: {
    meaning: 'A fault of this service. It is logged under the request id.',
    remedy: 'Try again; if it persists, report the request_id.',
  },
  upstream_unavailable: {
    meaning: 'The key is valid, but the API behind Latchkey did not respond.',
    remedy: 'Try again later. The request may or may not have taken effect there.',
  },
  upstream_timeout: {
    meaning: 'The key is valid, but the API behind Latchkey did not start its response in time.',
    remedy: 'Try again later. The request may or may not have taken effect there.',
  },
  authority_unavailable: {
    meaning:
      'A store did not answer, so it is not known whether the key is valid. This is not a refusal.',
    remedy: 'Keep the key, wait for the seconds in Retry-After, and try again: it is safe.',
  },
}

// What a failure means to a person, and what to do next. The API's own titles and details are for developers.
import type { ProblemCode } from '#contract/problems.ts'
import { messageText } from './message-text.ts'
import type { ApiProblem } from './problem.ts'

export type ProblemText = {
  title: string
  /** What to do. */
  next: string
  /** The detail says what differs from case to case, in words for people. */
  hasDetail?: true
}

const signIn = 'Sign in again. What you entered stays on the page.'
const ofKey = 'Use another key, or ask an owner.'
const tryAgain = 'Try again in a moment. Nothing that you entered is lost.'

/** Every code, so that a new one needs its words. */
const texts: Record<ProblemCode | 'unreachable' | 'unexpected' | 'unknown', ProblemText> = {
  missing_credential: { title: 'You are signed out', next: signIn },
  invalid_token: { title: 'Your session has ended', next: signIn },
  invalid_api_key: { title: 'This API key is not known', next: 'Check that it was copied whole.' },
  revoked_api_key: { title: 'This API key was revoked', next: ofKey },
  expired_api_key: { title: 'This API key has expired', next: ofKey },
  disabled_api_key: { title: 'This API key is disabled', next: 'Enable it to use it again.' },
  account_suspended: { title: 'The account is suspended', next: 'Ask who runs this deployment.' },
  wrong_environment: { title: 'This key is of another environment', next: ofKey, hasDetail: true },
  insufficient_scope: { title: 'A scope is missing', next: ofKey, hasDetail: true },
  ip_not_allowed: { title: 'This address may not use the key', next: ofKey, hasDetail: true },
  forbidden: {
    title: 'You may not do this',
    next: 'If you need it, ask an owner of the account.',
    hasDetail: true,
  },
  step_up_required: {
    title: 'Confirm that it is you',
    next: 'Send it again and confirm with your password or second factor.',
  },
  not_found: {
    title: 'It is not here',
    next: 'It may have been deleted, or belong to another account: go back to the list.',
    hasDetail: true,
  },
  method_not_allowed: { title: 'This is not possible', next: 'Load the page again.' },
  conflict: { title: 'This does not fit what is there', next: '', hasDetail: true },
  precondition_failed: {
    title: 'Somebody else changed it meanwhile',
    next: 'Compare both versions, and save again.',
  },
  idempotency_key_reused: {
    title: 'This was sent before with other values',
    next: 'Load the page again and look whether it was done.',
  },
  invalid_request: { title: 'Some of what you entered is not accepted', next: '' },
  payload_too_large: { title: 'This is too much at once', next: 'Shorten it and try again.' },
  unsupported_media_type: { title: 'The page is out of date', next: 'Load the page again.' },
  rate_limited: { title: 'Too many attempts', next: 'Wait before you try again.' },
  credits_exhausted: { title: 'No credits are left', next: 'Add credits to the key.' },
  quota_exceeded: { title: 'A quota of the account is reached', next: '', hasDetail: true },
  internal_error: {
    title: 'Something went wrong',
    next: 'Try again. If it stays, tell who runs this deployment the request ID.',
    hasDetail: true,
  },
  authority_unavailable: { title: 'No answer right now', next: tryAgain, hasDetail: true },
  upstream_unavailable: { title: 'The API did not answer', next: tryAgain },
  upstream_timeout: { title: 'The API took too long', next: tryAgain },
  // The detail says what to do.
  unreachable: { title: 'No response', next: '', hasDetail: true },
  unexpected: { title: 'Something went wrong', next: 'Load the page again.', hasDetail: true },
  unknown: { title: 'Something went wrong', next: tryAgain, hasDetail: true },
}

/** A code of a newer Worker has only the API's words. */
export function problemText({ code, title }: Pick<ApiProblem, 'code' | 'title'>): ProblemText {
  const known: Record<string, ProblemText> = texts
  return (Object.hasOwn(known, code) && known[code]) || { title, next: '', hasDetail: true }
}

/** Whether the same request can have another answer. */
export function canHelpToRetry({ status }: Pick<ApiProblem, 'status'>): boolean {
  return status === 0 || status === 429 || status >= 500
}

/** Fields as the forms call them. */
const fieldNames: Record<string, string> = {
  allowed_ips: 'Allowed IP addresses',
  credits: 'Credits',
  description: 'Description',
  email: 'E-mail',
  events: 'Events',
  expires_at: 'Expiration',
  external_id: 'External ID',
  format: 'Format',
  limits_by: 'Shared limits',
  may_grant: 'What the key may grant',
  metadata: 'Metadata',
  name: 'Name',
  overlap_seconds: 'Overlap',
  owner_email: 'E-mail of the owner',
  password: 'Password',
  quotas: 'Quotas',
  rate_limit: 'Rate limits',
  role: 'Role',
  scopes: 'Scopes',
  url: 'URL',
}

/** One sentence for each field: `Allowed IP addresses, line 3: Not an IP address or CIDR block`. */
export function fieldTexts(errors: ApiProblem['errors']): string[] {
  return errors.map(({ path, message }) => {
    const [field = '', part] = path.replace(/^query\./, '').split('.')
    const name = fieldNames[field] ?? field.replaceAll('_', ' ')
    const place = /^\d+$/.test(part ?? '') ? `, entry ${Number(part) + 1}` : ''
    return name === '' ? messageText(message) : `${name}${place}: ${messageText(message)}`
  })
}

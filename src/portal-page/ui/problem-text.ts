// What a failure means to a customer, and what to do next. The API's own titles are for developers.
import type { ProblemCode } from '#contract/problems.ts'
import type { Failure } from '../session/call.ts'

type Text = {
  title: string
  next: string
  /** The detail says what differs from case to case, in words for a customer. */
  hasDetail?: true
}

const again = 'Try again in a moment. What you entered is still here.'
const reload = 'Load the page again.'
const ended: Text = {
  title: 'Your session has ended',
  next: 'Open this page again from where you came from.',
}
const ofHost: Text = {
  title: 'This is not possible now',
  next: 'Ask the people who run this service.',
}

/** Every code, so that a new one needs its words. */
const texts: Record<ProblemCode | 'unreachable', Text> = {
  missing_credential: ended,
  invalid_token: ended,
  invalid_api_key: ended,
  revoked_api_key: ended,
  expired_api_key: ended,
  disabled_api_key: ended,
  account_suspended: ofHost,
  wrong_environment: ofHost,
  insufficient_scope: ofHost,
  ip_not_allowed: ofHost,
  step_up_required: ofHost,
  credits_exhausted: ofHost,
  forbidden: { title: 'This is not allowed here', next: '', hasDetail: true },
  quota_exceeded: { ...ofHost, title: 'A limit of this service is reached' },
  not_found: { title: 'This key is not here any more', next: reload },
  method_not_allowed: { title: 'The page is out of date', next: reload },
  unsupported_media_type: { title: 'The page is out of date', next: reload },
  conflict: { title: 'The key has changed meanwhile', next: '', hasDetail: true },
  precondition_failed: { title: 'The key has changed meanwhile', next: reload },
  idempotency_key_reused: {
    title: 'This was sent before with other values',
    next: 'Load the page again and look whether the key was made.',
  },
  invalid_request: { title: 'Some of what you entered is not accepted', next: '' },
  payload_too_large: { title: 'This is too much at once', next: 'Shorten it and try again.' },
  rate_limited: { title: 'Too many changes at once', next: 'Wait a minute, then try again.' },
  internal_error: {
    title: 'Something went wrong',
    next: 'Try again. If it stays, tell the people who run this service the request ID.',
  },
  authority_unavailable: { title: 'No answer right now', next: again },
  upstream_unavailable: { title: 'No answer right now', next: again },
  upstream_timeout: { title: 'No answer right now', next: again },
  unreachable: { title: 'No answer', next: `Check your connection. ${again}` },
}

const fieldNames: Record<string, string> = {
  name: 'Name',
  scopes: 'Permissions',
  environment: 'Environment',
  expires_at: 'Expiry',
  overlap_seconds: 'Overlap',
}

export type ProblemText = { title: string; sentences: string[] }

export function problemText(failure: Failure, isOnline: boolean): ProblemText {
  const { code, status, detail, errors = [], requestId } = failure
  if (status === 0 && !isOnline) {
    return { title: 'You are offline', sentences: [`Connect, then try again. ${kept}`] }
  }
  const known = (texts as Record<string, Text>)[code]
  const { title, next, hasDetail } = known ?? { title: failure.title, next: '', hasDetail: true }
  const id = status >= 500 && requestId !== null ? `Request ID: ${requestId}` : ''
  const sentences = [hasDetail ? (detail ?? '') : '', ...errors.map(fieldText), next, id]
  return { title, sentences: sentences.filter((each) => each !== '') }
}

const kept = 'What you entered is still here.'

function fieldText({ path, message }: NonNullable<Failure['errors']>[number]): string {
  const [field = ''] = path.split('.')
  return `${fieldNames[field] ?? field}: ${message}`
}

// The oracle: what every answer may be, given what had been answered before the request. Pure.

export type KeyState = 'active' | 'disabled' | 'revoked'

export type SoakKey = {
  id: string
  token: string
  group: string
  state: KeyState
  /** A change was sent and has not been answered with 200: both states are allowed. */
  isChanging: boolean
  /** Counts changes, so that a request can detect one that began while it ran. */
  version: number
  /** Number of changes of `is_active`. */
  updates: number
  /** It was created with so many, and gets no more; null: unlimited. */
  credits: number | null
  /** Requests that were sent with it, and those of them that were answered 200. */
  sent: number
  passed: number
}

export type KeySnapshot = Pick<SoakKey, 'state' | 'isChanging' | 'version'>

export const snapshotOf = ({ state, isChanging, version }: SoakKey): KeySnapshot => ({
  state,
  isChanging,
  version,
})

/** `200`, the status with the problem's code, or `no answer`. */
export type AnswerCode = string

/** Always allowed: a store may be down. */
export const unavailable: AnswerCode = '503 authority_unavailable'

const expected: Record<KeyState, AnswerCode> = {
  active: '200',
  disabled: '401 disabled_api_key',
  revoked: '401 revoked_api_key',
}

/** What is wrong with an answer, given the key before the request and after the answer; null: nothing. */
export function checkAnswer(
  before: KeySnapshot,
  after: KeySnapshot,
  code: AnswerCode,
): string | null {
  if (code === unavailable) return null
  // Of an active key: what `checkCredits` allows.
  if (code === spent) return checkAnswer(before, after, '200')
  if (before.isChanging || before.version !== after.version) {
    return Object.values(expected).includes(code) ? null : `a changing key got ${code}`
  }
  if (code === expected[before.state]) return null
  if (code === '200') return `STALE PASS: a key that was ${before.state} got 200`
  return `a key that was ${before.state} got ${code}`
}

const spent: AnswerCode = '429 credits_exhausted'

/**
 * What is wrong with an answer of a meter. A request whose answer was lost may have taken its credit, so that a key may be
 * refused after fewer passes than credits, but never before so many requests.
 * @param key after the answer
 */
export function checkCredits(
  { credits, sent, passed }: Pick<SoakKey, 'credits' | 'sent' | 'passed'>,
  code: AnswerCode,
): string | null {
  if (code !== '200' && code !== spent) return null
  if (credits === null) return code === spent ? 'an unlimited key was refused by a meter' : null
  if (passed > credits) return `OVERSPENT: a key of ${credits} credits passed ${passed} times`
  const isEarly = code === spent && sent <= credits
  return isEarly ? `a key of ${credits} credits was refused at its request ${sent}` : null
}

/** Forged tokens are refused without any store. */
export function checkForged(code: AnswerCode): string | null {
  return code === '401 invalid_api_key' ? null : `a forged token got ${code}`
}

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
  if (before.isChanging || before.version !== after.version) {
    return Object.values(expected).includes(code) ? null : `a changing key got ${code}`
  }
  if (code === expected[before.state]) return null
  if (code === '200') return `STALE PASS: a key that was ${before.state} got 200`
  return `a key that was ${before.state} got ${code}`
}

/** Forged tokens are refused without any store. */
export function checkForged(code: AnswerCode): string | null {
  return code === '401 invalid_api_key' ? null : `a forged token got ${code}`
}

// What every answer must be, by what had been answered before it was asked. Pure.

export type KeyState = 'active' | 'disabled' | 'revoked'

export type SoakKey = {
  id: string
  token: string
  group: string
  state: KeyState
  /** A change of it was sent and has not been answered with 200 yet: either state may be met. */
  isChanging: boolean
  /** Counts changes sent, so that an answer knows whether one began meanwhile. */
  version: number
  /** Times that `is_active` was changed. */
  updates: number
}

export type Seen = Pick<SoakKey, 'state' | 'isChanging' | 'version'>

export const seen = ({ state, isChanging, version }: SoakKey): Seen => ({
  state,
  isChanging,
  version,
})

/** `200`, or the status with the problem's code, or `no answer`. */
export type Told = string

/** Nobody knows: allowed whenever a store may be down. */
export const unknown: Told = '503 authority_unavailable'

const expected: Record<KeyState, Told> = {
  active: '200',
  disabled: '401 disabled_api_key',
  revoked: '401 revoked_api_key',
}

/**
 * What is wrong with an answer, given what was known of the key before it was asked (`before`) and after
 * it was answered; null when nothing is.
 */
export function judge(before: Seen, after: Seen, told: Told): string | null {
  if (told === unknown) return null
  if (before.isChanging || before.version !== after.version) {
    return Object.values(expected).includes(told) ? null : `a changing key was told ${told}`
  }
  if (told === expected[before.state]) return null
  if (told === '200') return `STALE PASS: a key that was ${before.state} passed`
  if (before.state === 'active') return `a good key was told ${told}`
  return `a key that was ${before.state} was told ${told}`
}

/** A token that was never minted needs nobody: it is told 401 whatever is down. */
export function judgeForged(told: Told): string | null {
  return told === '401 invalid_api_key' ? null : `a forged token was told ${told}`
}

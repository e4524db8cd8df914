// The form state of a key's rate limits and credits, and its conversion from a key and to a request. Pure.
import { splitSeconds, type Unit, units } from '../ui/seconds.ts'
import type { Key, NewKey } from './api.ts'

/** Numbers are text as typed. `id` is the React key of the row. */
export type WindowDraft = {
  id: string
  limit: string
  count: string
  unit: Unit
  name: string
  mode: 'exact' | 'fast'
}

export type LimitDraft = {
  windows: readonly WindowDraft[]
  hasCredits: boolean
  /** Empty: the balance does not change. */
  balance: string
  refill: 'never' | 'daily' | 'monthly'
  refillAmount: string
  refillDay: string
  /** Shared with the other keys of the external ID. */
  isShared: boolean
}

export type LimitErrors = Partial<Record<'windows' | 'balance' | 'refill', string>>

export const emptyLimits: LimitDraft = {
  windows: [],
  hasCredits: false,
  balance: '',
  refill: 'never',
  refillAmount: '',
  refillDay: '1',
  isShared: false,
}

export const maxWindows = 5

export function newWindow(): WindowDraft {
  const everyMinute = { limit: '100', count: '1', unit: 'minute' } as const
  return { id: crypto.randomUUID(), ...everyMinute, name: '', mode: 'exact' }
}

export function draftOfLimits({
  rate_limit,
  credits,
  limits_by,
}: Pick<Key, 'rate_limit' | 'credits' | 'limits_by'>): LimitDraft {
  const refill = credits?.refill
  return {
    ...emptyLimits,
    windows: draftOfWindows(rate_limit),
    hasCredits: credits !== null,
    ...(refill && { refill: refill.interval, refillAmount: `${refill.amount}` }),
    ...(refill?.day && { refillDay: `${refill.day}` }),
    isShared: limits_by === 'external_id',
  }
}

export function draftOfWindows(windows: Key['rate_limit']): WindowDraft[] {
  return (windows ?? []).map(({ name, limit, window_seconds, mode }) => {
    const { count, unit } = splitSeconds(window_seconds)
    const ownName = hasOwnName(name, window_seconds) ? name : ''
    const numbers = { limit: `${limit}`, count: `${count}`, unit }
    return { id: crypto.randomUUID(), ...numbers, name: ownName, mode: mode ?? 'exact' }
  })
}

export function windowsOfDraft(windows: readonly WindowDraft[]) {
  return windows.map(({ limit, count, unit, name, mode }) => ({
    limit: Number(limit),
    window_seconds: Number(count) * units[unit],
    ...(name.trim() && { name: name.trim() }),
    ...(mode === 'fast' && { mode }),
  }))
}

export function windowError(windows: readonly WindowDraft[]): string | undefined {
  const isInvalid = ({ limit, count }: WindowDraft) => !isWhole(limit, 1) || !isWhole(count, 1)
  return windows.some(isInvalid) ? 'Enter whole numbers of at least 1' : undefined
}

/** false for the name that the API gives to a window without one, like "60s". */
export function hasOwnName(name: string, seconds: number): boolean {
  return name !== `${seconds}s`
}

/** Errors that need no request. `hasBalance`: there may be a balance already, so an empty one is valid. */
export function limitErrors(draft: LimitDraft, hasBalance: boolean): LimitErrors {
  const { windows, hasCredits, balance, refill, refillAmount, refillDay } = draft
  const invalidWindows = windowError(windows)
  const isBalanceInvalid = balance.trim() === '' ? !hasBalance : !isWhole(balance, 0)
  const isDayValid = refill !== 'monthly' || (isWhole(refillDay, 1) && Number(refillDay) <= 31)
  return {
    ...(invalidWindows && { windows: invalidWindows }),
    ...(hasCredits && isBalanceInvalid && { balance: 'Enter a whole number of at least 0' }),
    ...(hasCredits &&
      refill !== 'never' && {
        ...(!isWhole(refillAmount, 1) && { refill: 'Enter a whole number of at least 1' }),
        ...(!isDayValid && { refill: 'Enter a day of the month from 1 to 31' }),
      }),
  }
}

/** At most 15 digits, which a number holds exactly. */
export function isWhole(text: string, min: number): boolean {
  return /^\s*\d{1,15}\s*$/.test(text) && Number(text) >= min
}

export function limitsOfDraft(
  draft: LimitDraft,
  externalId: string | null,
): Pick<NewKey, 'rate_limit' | 'credits' | 'limits_by'> {
  const windows = windowsOfDraft(draft.windows)
  const remaining = draft.balance.trim() === '' ? {} : { remaining: Number(draft.balance) }
  return {
    rate_limit: windows.length > 0 ? windows : null,
    credits: draft.hasCredits ? { ...remaining, refill: refillOf(draft) } : null,
    limits_by: draft.isShared && externalId !== null ? 'external_id' : 'key',
  }
}

function refillOf({ refill, refillAmount, refillDay }: LimitDraft) {
  const amount = Number(refillAmount)
  switch (refill) {
    case 'never':
      return null
    case 'daily':
      return { interval: refill, amount }
    case 'monthly':
      return { interval: refill, amount, day: Number(refillDay) }
  }
}

// The limits of a key as somebody is filling them in, and what of it is sent.

import type { Key } from '../api/queries.ts'
import type { NewKey } from './api.ts'

export const units = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const
export type Unit = keyof typeof units

/** Numbers are the text that was typed. `id` tells rows apart while they come and go. */
export type WindowDraft = { id: string; limit: string; count: string; unit: Unit; name: string }

export type LimitDraft = {
  windows: readonly WindowDraft[]
  hasCredits: boolean
  /** Left empty, the balance stays as it is. */
  balance: string
  refill: 'never' | 'daily' | 'monthly'
  refillAmount: string
  refillDay: string
  /** With the other keys of its external id. */
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
  return { id: crypto.randomUUID(), limit: '100', count: '1', unit: 'minute', name: '' }
}

export function limitsOfKey({ rate_limit, credits, limits_by }: Key): LimitDraft {
  const refill = credits?.refill
  return {
    ...emptyLimits,
    windows: (rate_limit ?? []).map(({ name, limit, window_seconds }) => {
      const { count, unit } = spanOf(window_seconds)
      const shown = isNamed(name, window_seconds) ? name : ''
      return { id: crypto.randomUUID(), limit: `${limit}`, count: `${count}`, unit, name: shown }
    }),
    hasCredits: credits !== null,
    ...(refill && { refill: refill.interval, refillAmount: `${refill.amount}` }),
    ...(refill?.day && { refillDay: `${refill.day}` }),
    isShared: limits_by === 'external_id',
  }
}

/** Whether somebody named a window: else its length is its name. */
export function isNamed(name: string, seconds: number): boolean {
  return name !== `${seconds}s`
}

/** The greatest unit of which a number of seconds is a multiple. */
export function spanOf(seconds: number): { count: number; unit: Unit } {
  const order = ['day', 'hour', 'minute'] as const
  const unit: Unit = order.find((name) => seconds % units[name] === 0) ?? 'second'
  return { count: seconds / units[unit], unit }
}

/** What can be said without asking the server. `isJoining`: the balance may be one that is there already. */
export function limitErrorsIn(draft: LimitDraft, isJoining: boolean): LimitErrors {
  const { windows, hasCredits, balance, refill, refillAmount, refillDay } = draft
  const isWrong = ({ limit, count }: WindowDraft) => !isWhole(limit, 1) || !isWhole(count, 1)
  const needsBalance = balance.trim() === '' ? !isJoining : !isWhole(balance, 0)
  const day = refill !== 'monthly' || (isWhole(refillDay, 1) && Number(refillDay) <= 31)
  return {
    ...(windows.some(isWrong) && { windows: 'Give whole numbers from 1' }),
    ...(hasCredits && needsBalance && { balance: 'Give a whole number from 0' }),
    ...(hasCredits &&
      refill !== 'never' && {
        ...(!isWhole(refillAmount, 1) && { refill: 'Give a whole number of credits from 1' }),
        ...(!day && { refill: 'Give a day of the month from 1 to 31' }),
      }),
  }
}

export function isWhole(text: string, least: number): boolean {
  return /^\s*\d{1,15}\s*$/.test(text) && Number(text) >= least
}

export function limitFactsOf(
  draft: LimitDraft,
  externalId: string | null,
): Pick<NewKey, 'rate_limit' | 'credits' | 'limits_by'> {
  const windows = draft.windows.map(({ limit, count, unit, name }) => ({
    limit: Number(limit),
    window_seconds: Number(count) * units[unit],
    ...(name.trim() && { name: name.trim() }),
  }))
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

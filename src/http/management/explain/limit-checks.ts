// The limits of a key in plain words: what its meter has left, without taking any of it.
import type { LimitsRemaining } from '../../../core/limits.ts'
import type { Foreseen } from '../../../limits/foresee.ts'
import { type Finding, failed, passed } from './finding.ts'

export const noLimits = passed('The key has no limits.')

export const limitsUnknown: Finding = {
  passed: null,
  // Of a request, whose limits would not be known either.
  code: 'authority_unavailable',
  detail: 'The meter of the key did not answer: what is left is not known, and a request gets 503.',
  remedy: 'Ask again.',
}

export function limitsRead(left: LimitsRemaining, foreseen: Foreseen): Finding {
  const { code } = foreseen
  if (code === 'valid') return passed(leftIn(left))
  const seconds = foreseen.retryAfterSeconds
  const wait = seconds === null ? 'No refill covers it' : `Wait ${seconds} seconds`
  const raise = code === 'rate_limited' ? 'raise its rate_limit' : 'add credits to the key'
  const joined = seconds === null ? `${wait}: ${raise}.` : `${wait}, or ${raise}.`
  return failed(code, leftIn(left), joined)
}

function leftIn({ windows, credits }: LimitsRemaining): string {
  const parts = windows.map(
    ({ name, limit, windowSeconds, remaining }) =>
      `${remaining} of ${limit} requests in ${windowSeconds} seconds (${name})`,
  )
  if (credits !== null) parts.push(`${credits} credits`)
  return `Left: ${parts.join(', ')}.`
}

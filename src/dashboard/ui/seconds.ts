// A number of seconds as people say it. Pure.
import { numberText } from './number-text.ts'

export const units = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const
export type Unit = keyof typeof units

/** In the largest unit that divides the seconds. */
export function splitSeconds(seconds: number): { count: number; unit: Unit } {
  const order = ['day', 'hour', 'minute'] as const
  const unit: Unit = order.find((name) => seconds % units[name] === 0) ?? 'second'
  return { count: seconds / units[unit], unit }
}

/** "1 minute" or "2 minutes". */
export function lengthText(seconds: number): string {
  const { count, unit } = splitSeconds(seconds)
  return `${numberText(count)} ${unit}${count === 1 ? '' : 's'}`
}

/** "minute" or "2 minutes". */
export function windowText(seconds: number): string {
  return splitSeconds(seconds).count === 1 ? splitSeconds(seconds).unit : lengthText(seconds)
}

// Requests by code and hour: dense where a day is stored and answered, sparse in the journal and in memory.
import type { UsageSpan } from './usage-calls.ts'

/** By code, each for the 24 hours of a day. */
export type DayCounts = Record<string, number[]>

/** By code, hours of the day with their counts in turn: `[13, 5, 14, 2]`. */
export type SparseCounts = Record<string, number[]>

export const hourMs = 60 * 60 * 1000
export const dayMs = 24 * hourMs

/** The value of a map, made and kept where there is none. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

export function addSparse(counts: SparseCounts, code: string, hour: number, count: number): void {
  const list = counts[code]
  if (list === undefined) {
    counts[code] = [hour, count]
    return
  }
  for (let at = 0; at < list.length; at += 2) {
    if (list[at] !== hour) continue
    list[at + 1] = (list[at + 1] ?? 0) + count
    return
  }
  list.push(hour, count)
}

/** Visits each hour and code. */
export function eachSparse(
  counts: SparseCounts,
  visit: (code: string, hour: number, count: number) => void,
): void {
  for (const [code, list] of Object.entries(counts)) {
    for (let at = 0; at < list.length; at += 2) visit(code, list[at] ?? 0, list[at + 1] ?? 0)
  }
}

/** Adds sparse counts to those of a day. */
export function addToDay(day: DayCounts, counts: SparseCounts): DayCounts {
  eachSparse(counts, (code, hour, count) => {
    day[code] ??= Array(24).fill(0)
    const hours = day[code]
    hours[hour] = (hours[hour] ?? 0) + count
  })
  return day
}

/** The first and last day that a span has a part in, as days since 1970. */
export function daysIn({ from, to }: UsageSpan): { first: number; last: number } {
  return { first: Math.floor(from / dayMs), last: Math.floor((to - 1) / dayMs) }
}

/** All requests of a day. */
export function totalOf(counts: DayCounts): number {
  let total = 0
  for (const hours of Object.values(counts)) for (const count of hours) total += count
  return total
}

/** The part of a day that lies in a span, as hours from `first` to before `end`. */
export function hoursIn(day: number, { from, to }: UsageSpan): { first: number; end: number } {
  const first = Math.max(0, Math.ceil((from - day * dayMs) / hourMs))
  return { first, end: Math.min(24, Math.ceil((to - day * dayMs) / hourMs)) }
}

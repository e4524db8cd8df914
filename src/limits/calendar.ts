// When credits are refilled: at midnight UTC. Times are milliseconds since 1970.

import type { Schedule } from '../core/limits.ts'

const dayMs = 24 * 60 * 60 * 1000

/** The latest refill at or before a time. */
export function lastRefill(schedule: Schedule, nowMs: number): number {
  if (schedule.interval === 'daily') return midnight(nowMs)
  const thisMonth = inMonth(nowMs, 0, schedule.day)
  return thisMonth <= nowMs ? thisMonth : inMonth(nowMs, -1, schedule.day)
}

/** The first refill after a time. */
export function nextRefill(schedule: Schedule, nowMs: number): number {
  if (schedule.interval === 'daily') return midnight(nowMs) + dayMs
  const thisMonth = inMonth(nowMs, 0, schedule.day)
  return thisMonth > nowMs ? thisMonth : inMonth(nowMs, 1, schedule.day)
}

function midnight(nowMs: number): number {
  return Math.floor(nowMs / dayMs) * dayMs
}

function inMonth(nowMs: number, monthsAway: number, day: number): number {
  const now = new Date(nowMs)
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() + monthsAway]
  // Day 0 of the next month is the last day of this one.
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(day, lastDay))
}

// USAGE_SHARDS: what the Worker starts with, what an upgrade may change, and which object holds what.
import { describe, expect, it } from 'vitest'
import { boundsOf, usageBounds } from '../../src/usage/bounds.ts'
import { movedMonth } from '../../src/usage/moved-month.ts'
import { readShards } from '../../src/usage/read-shards.ts'
import { endOfMonth, nameOf, namesIn, parseName } from '../../src/usage/shards.ts'

const shards = readShards('1, 2027-03:8')
const key = '0000000b-0000-4000-a000-000000000000'

describe('USAGE_SHARDS', () => {
  it.each([
    '',
    '0',
    'one',
    '1,',
    '1, 8',
    '2027-03:8',
    '1, 2027-13:8',
    '1, 2027-05:8, 2027-03:4',
    '1001',
  ])('is refused with a sentence: "%s"', (text) => {
    expect(() => readShards(text)).toThrow(`USAGE_SHARDS is "${text}": it must be`)
  })

  it('names the object of a key by the month of the hour', () => {
    expect(nameOf(shards, key, Date.UTC(2027, 1, 28, 23))).toBe('usage/2027-02/0-of-1')
    expect(nameOf(shards, key, Date.UTC(2027, 2, 1))).toBe('usage/2027-03/3-of-8')
    expect(namesIn(shards, '2028-01')).toHaveLength(8)
    const month = Date.UTC(2027, 11)
    expect(parseName('usage/2027-12/3-of-8')).toEqual({ month, index: 3, shards: 8 })
    expect(endOfMonth(month)).toBe(Date.UTC(2028, 0))
  })

  it('gives each shard a time of its own to fold at, none later than a single one', () => {
    const waits = namesIn(shards, '2028-01').map((name) => boundsOf(parseName(name)).foldAfterMs)
    const eighth = 7.5 * 60_000
    expect(waits).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((at) => 6 * 3_600_000 - at * eighth))
    expect(boundsOf({ index: 0, shards: 1 })).toEqual(usageBounds)
  })

  it.each([
    ['1', '1, 2027-04:8', null],
    ['1', '1, 2027-03:8', '2027-03'],
    ['1', '2', ''],
    ['1, 2026-05:4', '1', '2026-05'],
    ['1, 2026-05:4', '1, 2026-06:4', '2026-05'],
    ['1, 2027-06:4', '1, 2027-05:2', null],
    ['1', '1, 2026-05:1', null],
  ])('changes from "%s" to "%s" in March 2027: moved is %s', (before, after, moved) => {
    expect(movedMonth(readShards(before), readShards(after), '2027-03')).toBe(moved)
  })
})

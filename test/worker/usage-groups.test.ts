// The largest values of a group over many objects: exact, in pages of any size.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { compareValues } from '../../src/usage/group-order.ts'
import { largestValues, maxPages, type ReadPage, TooManyValues } from '../../src/usage/largest.ts'
import fc from '../support/fc.ts'

const text = fc.string({ unit: 'binary', maxLength: 6 })
const value = fc.option(text, { nil: null })

describe('the order of values', () => {
  it('is that of SQLite, with none before all', async () => {
    const stub = env.USAGE_COUNTS.getByName('usage/2031-01/0-of-1')
    const texts = [
      '',
      'a',
      'B',
      'ä',
      '\u{10348}',
      '\uffee',
      '\ue000',
      '\ud7ff',
      'a\u{1f600}',
      'a\uffee',
    ]
    const sorted = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql
        .exec<{ value: string }>(
          'SELECT value FROM json_each(?) ORDER BY value',
          JSON.stringify(texts),
        )
        .toArray()
        .map((row) => row.value),
    )
    expect(texts.toSorted(compareValues)).toEqual(sorted)
    expect([...texts, null].toSorted(compareValues)[0]).toBe(null)
  })

  it('is one order', () => {
    const bytes = (of: string) => [...new TextEncoder().encode(of)]
    const sign = (one: string, other: string) => {
      const [left, right] = [bytes(one), bytes(other)]
      const at = left.findIndex((byte, index) => byte !== right[index])
      if (at === -1) return Math.sign(left.length - right.length)
      return Math.sign((left[at] ?? 0) - (right[at] ?? -1))
    }
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(Math.sign(compareValues(one, other))).toBe(sign(one, other))
      }),
      { numRuns: 2_000 },
    )
  })
})

/** An object that has these values, in pages of so many, of which some are empty. */
function sourceOf(totals: ReadonlyMap<string | null, number>, size: number): ReadPage {
  const sorted = [...totals].sort(([one], [other]) => compareValues(one, other))
  return async (after) => {
    const left = sorted.filter(([of]) => after === null || compareValues(of, after.value) > 0)
    const page = left.slice(0, size)
    const last = page.at(-1)
    return {
      totals: page.filter(([, sum]) => sum > 0),
      next: left.length > size && last !== undefined ? { value: last[0] } : null,
    }
  }
}

describe('the largest values', () => {
  it('are those of all objects together', async () => {
    const source = fc.array(fc.tuple(value, fc.nat(9)), { maxLength: 40 })
    const sources = fc.array(source, { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(
        sources,
        fc.integer({ min: 1, max: 7 }),
        fc.nat(12),
        async (all, size, top) => {
          const maps = all.map((entries) => new Map(entries))
          const sums = new Map<string | null, number>()
          for (const [of, sum] of maps.flatMap((map) => [...map])) {
            if (sum > 0) sums.set(of, (sums.get(of) ?? 0) + sum)
          }
          const expected = [...sums]
            .sort(([one, left], [other, right]) => right - left || compareValues(one, other))
            .slice(0, top)
            .map(([of]) => of)
          const found = await largestValues(
            maps.map((map) => sourceOf(map, size)),
            top,
          )
          expect(found).toEqual(expected)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are not looked for without end', async () => {
    let pages = 0
    const endless: ReadPage = async () => {
      pages++
      return { totals: [[`${pages}`, 1]], next: { value: `${pages}` } }
    }
    await expect(largestValues([endless, endless], 3)).rejects.toThrow(TooManyValues)
    expect(pages).toBeLessThanOrEqual(maxPages + 1)
  })
})

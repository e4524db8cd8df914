// The keys and customers that the overview shows.
import { expect, it } from 'vitest'
import { largestOf } from '../../src/dashboard/overview/largest.ts'

const group = (value: string | null, valid: number, refused = 0) => ({
  value,
  total: valid + refused,
  counts: { valid, rate_limited: refused },
})
const none = { total: 0, counts: {} }

it('the largest five are shown, by requests or by refusals, and the rest adds up', () => {
  const groups = [7, 6, 5, 4, 3, 2, 1].map((size) => group(`k${size}`, size, 10 - size))
  const other = { total: 100, counts: { valid: 90, expired_api_key: 10 } }
  const { shown, rest } = largestOf(groups, other, 'refused')
  expect(shown.map(({ value }) => value)).toEqual(['k1', 'k2', 'k3', 'k4', 'k5'])
  expect(rest).toEqual({ total: 120, refused: 4 + 3 + 10 })
})

it('keys without an external id are no customer, and nothing is left where all are shown', () => {
  const { shown, rest } = largestOf([group(null, 50), group('a', 1)], none, 'total')
  expect(shown.map(({ value }) => value)).toEqual(['a'])
  expect(rest).toEqual({ total: 50, refused: 0 })
  expect(largestOf([group('a', 1)], none, 'total').rest).toBeNull()
})

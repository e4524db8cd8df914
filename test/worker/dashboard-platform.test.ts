// What the platform's form of an account changes, and how full a quota is shown.
import { expect, it } from 'vitest'
import { accountChanges, quotaErrors } from '../../src/dashboard/platform/account-changes.ts'
import { shareOf } from '../../src/dashboard/ui/share-of.ts'

const quotas = { keys: 100_000, members: 1_000, endpoints: 20, changes_per_minute: 600 }
const before = { name: 'Globex', quotas }
const typed: Record<string, string> = {
  name: 'Globex',
  keys: '100000',
  members: '1000',
  endpoints: '20',
  changes_per_minute: '600',
}
const fields = (changed: Record<string, string>) => (name: string) =>
  ({ ...typed, ...changed })[name] ?? ''

it('only what differs is sent', () => {
  expect(accountChanges(before, fields({}))).toEqual({})
  expect(accountChanges(before, fields({ name: 'Globex AG' }))).toEqual({ name: 'Globex AG' })
  expect(accountChanges(before, fields({ keys: '5', endpoints: '0' }))).toEqual({
    quotas: { keys: 5, endpoints: 0 },
  })
})

it('an empty quota sets the default', () => {
  expect(accountChanges(before, fields({ members: '' }))).toEqual({ quotas: { members: null } })
})

it('the platform has no quotas to change', () => {
  const platform = { name: 'Acme Inc', quotas: null }
  expect(accountChanges(platform, (name) => (name === 'name' ? 'Acme' : ''))).toEqual({
    name: 'Acme',
  })
})

it('what is no whole number is refused before it is sent', () => {
  expect(quotaErrors(fields({}))).toEqual({})
  expect(quotaErrors(fields({ keys: '' }))).toEqual({})
  for (const wrong of ['-1', '1.5', '1e3', 'ten', '10000000000', '1 000']) {
    expect(Object.keys(quotaErrors(fields({ keys: wrong }))), wrong).toEqual(['keys'])
  }
})

it('a quota below what there is already is full', () => {
  expect(shareOf(0, 20)).toBe(0)
  expect(shareOf(5, 20)).toBe(25)
  expect(shareOf(30, 20)).toBe(100)
  expect(shareOf(0, 0)).toBe(100)
})

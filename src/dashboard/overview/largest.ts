// The largest groups of the usage of an account. Pure: no React, no I/O.
import type { UsageGroup } from '../usage/api.ts'

export type Order = 'total' | 'refused'

type Counted = Pick<UsageGroup, 'total' | 'counts'>

export const refusedOf = ({ total, counts }: Counted) => total - (counts.valid ?? 0)

const maxShown = 5

type Named = UsageGroup & { value: string }

export type Largest = {
  shown: readonly Named[]
  /** All others; null: there are none. */
  rest: { total: number; refused: number } | null
}

/** `other`: what is in none of the groups. The group without a value, of keys without an external id, is no customer. */
export function largestOf(groups: readonly UsageGroup[], other: Counted, by: Order): Largest {
  const size = by === 'total' ? (group: UsageGroup) => group.total : refusedOf
  const named = groups.filter((group): group is Named => group.value !== null)
  const sorted = named.toSorted((a, b) => size(b) - size(a))
  const unnamed = groups.filter(({ value }) => value === null)
  const hidden: Counted[] = [...sorted.slice(maxShown), ...unnamed, other]
  const total = sum(hidden.map((group) => group.total))
  const rest = { total, refused: sum(hidden.map(refusedOf)) }
  return { shown: sorted.slice(0, maxShown), rest: total === 0 ? null : rest }
}

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)

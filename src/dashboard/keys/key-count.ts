// The counts above the list of keys, and the filter of the list that each of them links to. Pure.
import { numberText } from '../ui/number-text.ts'
import type { KeyFilter, KeySummary } from './api.ts'

const dayMs = 86_400_000
const active = { status: 'active' } as const

type CountName = Exclude<keyof KeySummary, 'by_environment' | 'capped'>

/** `of`: the count, as the summary names it in `capped`. */
export type KeyCount = {
  name: string
  of: CountName | `by_environment.${string}`
  query: KeyFilter
  /** The list has no filter for it, but an order. */
  note?: string
}

const unused: KeyCount[] = [
  { name: 'unused for 90 days', of: 'unused_for_90_days', query: { ...active, unused_for: '90d' } },
  {
    name: 'never used',
    of: 'never_used',
    query: { ...active, sort: 'last_used_at' },
    note: 'Lists those never used first',
  },
  {
    name: 'without expiry',
    of: 'without_expiry',
    query: { ...active, sort: '-expires_at' },
    note: 'Lists those without expiry first',
  },
]

/** All of active keys. Those of environments only where there are several. */
export function countsOf(environments: readonly string[], nowMs: number): KeyCount[] {
  const expires_before = new Date(nowMs + 7 * dayMs).toISOString()
  const ofEnvironment = (name: string): KeyCount => ({
    name,
    of: `by_environment.${name}`,
    query: { ...active, environment: name },
  })
  return [
    { name: 'active', of: 'active', query: active },
    { name: 'expiring in 7 days', of: 'expiring_in_7_days', query: { ...active, expires_before } },
    ...unused,
    ...(environments.length > 1 ? environments.map(ofEnvironment) : []),
  ]
}

/** Whether the list shows the keys of the count. A time counts as given, however long ago the link was made. */
export function isCurrent({ query }: KeyCount, filter: KeyFilter): boolean {
  const seen = ({ expires_before, ...rest }: KeyFilter) =>
    Object.entries({ ...rest, hasEnd: expires_before !== undefined })
      .map((entry) => entry.join('='))
      .sort()
      .join('&')
  return seen(query) === seen(filter)
}

/** `1,000+` where the counting ended there. */
export function countText({ of }: KeyCount, summary: KeySummary): string {
  const { by_environment, capped, ...counts } = summary
  const prefix = 'by_environment.'
  const count = of.startsWith(prefix)
    ? by_environment[of.slice(prefix.length)]
    : counts[of as CountName]
  return `${numberText(count ?? 0)}${capped.includes(of) ? '+' : ''}`
}

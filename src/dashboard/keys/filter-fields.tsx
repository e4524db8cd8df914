// Of more-filters.tsx, which loads them.
import { Input } from '@cloudflare/kumo/components/input'
import { Select } from '@cloudflare/kumo/components/select'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { scopesQuery } from '../scopes/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { exactTime } from '../ui/exact-time.ts'
import { QueryProblem } from '../ui/query-problem.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import type { KeyFilter } from './api.ts'
import { newestFirst, orderName } from './key-orders.ts'

const dayMs = 86_400_000
const daysLeft = { 1: 'Within a day', 7: 'In 7 days', 30: 'In 30 days', 90: 'In 90 days' }
const daysUnused = { '30d': 'For 30 days', '90d': 'For 90 days', '365d': 'For a year' }

export default function FilterFields({ filter }: { filter: KeyFilter }) {
  const { scope, created_by, external_id, expires_before, unused_for, sort } = filter
  const { account } = useSignedIn()
  const scopes = useQuery(scopesQuery)
  const ends = useEnds(expires_before)
  return (
    <>
      <QueryProblem query={scopes} />
      <Choice
        {...{ name: 'scope', label: 'Scope', value: scope }}
        items={namesOf((scopes.data ?? []).map((each) => [each.scope, each.scope]))}
      />
      <Choice
        {...{ name: 'created_by', label: 'Created by', value: created_by }}
        items={namesOf(account.members.map(({ userId, user }) => [userId, user.name]))}
      />
      <CustomerField value={external_id} />
      <Choice
        {...{ name: 'expires_before', label: 'Expiring', value: expires_before, items: ends }}
      />
      <Choice
        {...{ name: 'unused_for', label: 'Unused', value: unused_for }}
        items={{
          ...(unused_for && { [unused_for]: `For ${unused_for.slice(0, -1)} days` }),
          ...daysUnused,
        }}
      />
      <Choice
        {...{ name: 'sort', label: 'Order', value: sort, items: orderName, none: newestFirst }}
      />
    </>
  )
}

/** The name of each end, from now and of the current filter. */
function useEnds(current: string | undefined): Record<string, string> {
  const [nowMs] = useState(Date.now)
  const ends = Object.entries(daysLeft).map(([days, name]): [string, string] => [
    new Date(nowMs + Number(days) * dayMs).toISOString(),
    name,
  ])
  return namesOf([
    ...(current ? [[current, `Before ${exactTime(current)}`] as const] : []),
    ...ends,
  ])
}

type ChoiceProps = {
  name: string
  label: string
  value: string | undefined
  items: Record<string, string>
  /** The value for which the address has no parameter. */
  none?: string
}

const any = 'any'

function Choice({ name, label, value, items, none = any }: ChoiceProps) {
  const setParam = useSetSearchParam()
  return (
    <Select
      label={label}
      className="w-full min-w-0"
      value={value ?? none}
      items={none === any ? { [any]: 'Any', ...items } : items}
      onValueChange={(next) => setParam(name, next === none ? null : next)}
    />
  )
}

/** Asked for when the field is left, since only a whole id finds something. */
function CustomerField({ value = '' }: { value?: string | undefined }) {
  const setParam = useSetSearchParam()
  const [text, setText] = useState(value)
  // Taken back by its chip.
  useEffect(() => setText(value), [value])
  // The same filter again would lead to the first page.
  const send = () => text.trim() !== value && setParam('external_id', text.trim())
  return (
    <Input
      label="Customer"
      placeholder="Whole external ID"
      value={text}
      maxLength={255}
      autoComplete="off"
      onValueChange={setText}
      onBlur={send}
      onKeyDown={({ key }) => key === 'Enter' && send()}
    />
  )
}

const namesOf = (entries: readonly (readonly [string, string])[]) => Object.fromEntries(entries)
